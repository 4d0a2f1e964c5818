/** What an image promises, and what it is built from. */
export interface ImageSpec {
  readonly name: string;
  readonly dockerfile: string;
  /** The last stage of the Dockerfile that makes it. */
  readonly target: string;
  /** What of the checkout is in its build: files and folders. */
  readonly context: readonly string[];
  /** Bytes of all its layers as they are pulled. */
  readonly limit: number;
  readonly hasShell: boolean;
}

const assembling = ['images/functions', 'LICENSE'];
const bundling = [
  '.dockerignore',
  '.npmrc',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'images/bundle.ts',
  'src',
];
const million = 1_000_000;

const operator: ImageSpec = {
  name: 'sluice',
  dockerfile: 'Dockerfile',
  target: 'sluice',
  context: [...assembling, ...bundling],
  limit: 60 * million,
  hasShell: false,
};

function functions(name: string, limit: number, hasShell: boolean): ImageSpec {
  const dockerfile = 'images/functions/Dockerfile';
  return { name, dockerfile, target: name, context: [...assembling, 'runner'], limit, hasShell };
}

/** All images that are published, the operator's first. */
export const imageList: readonly ImageSpec[] = [
  operator,
  functions('sluice-functions', 100 * million, true),
  functions('sluice-functions-deno', 60 * million, false),
  functions('sluice-functions-python', 60 * million, true),
  functions('sluice-functions-bash', 60 * million, true),
];

/** The images of these names; all of them if none is named. Throws when there is no such image. */
export function imagesNamed(names: readonly string[]): readonly ImageSpec[] {
  if (names.length === 0) return imageList;
  return names.map((name) => {
    const spec = imageList.find((one) => one.name === name);
    if (spec !== undefined) return spec;
    throw new Error(
      `no such image: ${name}; there are ${imageList.map((one) => one.name).join(', ')}`,
    );
  });
}
