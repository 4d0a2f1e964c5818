import { readFileSync } from 'node:fs';

/** One instruction of a Dockerfile, its continued lines joined. */
interface Instruction {
  readonly keyword: string;
  readonly text: string;
}

/** One `FROM … AS name` and what follows it. */
interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** How a container of an image starts. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
}

/** A layer of an image: something copied to a place in its tree. */
export interface Copy {
  /** A stage, or an image, or undefined for a path in the checkout. */
  readonly from: string | undefined;
  /** User and group by their numbers; undefined for root. */
  readonly owner: string | undefined;
  readonly source: string;
  readonly target: string;
}

/** What a target of a Dockerfile consists of. */
export interface Image {
  readonly config: ImageConfig;
  readonly copies: readonly Copy[];
}

/** A Dockerfile as far as `images/functions` needs it: whatever else it says is an error, never ignored. */
export class Dockerfile {
  readonly #stages: readonly Stage[];

  constructor(file: string) {
    this.#stages = stagesOf(readFileSync(file, 'utf8'));
  }

  /** The image that a stage starts from, or the name of the stage before it. */
  baseOf(name: string): string {
    return this.#stage(name).from;
  }

  /** Whether a name is that of a stage. */
  hasStage(name: string): boolean {
    return this.#stages.some((stage) => stage.name === name);
  }

  /** The commands that a stage runs. */
  commandsOf(name: string): readonly string[] {
    return this.#stage(name)
      .instructions.filter(({ keyword }) => keyword === 'RUN')
      .map(({ text }) => text);
  }

  /** The image of a target that starts from `scratch`, through all the stages it builds on. */
  imageOf(name: string): Image {
    const stage = this.#stage(name);
    const base: Image =
      stage.from === 'scratch'
        ? { config: { env: {}, user: '', entrypoint: [] }, copies: [] }
        : this.imageOf(stage.from);
    return stage.instructions.reduce(withInstruction, base);
  }

  #stage(name: string): Stage {
    const stage = this.#stages.find((one) => one.name === name);
    if (stage === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
    return stage;
  }
}

function withInstruction(image: Image, { keyword, text }: Instruction): Image {
  const { config } = image;
  switch (keyword) {
    case 'LABEL':
      return image;
    case 'COPY':
      return { ...image, copies: [...image.copies, copyOf(text)] };
    case 'ENV':
      return { ...image, config: { ...config, env: { ...config.env, ...pairs(text) } } };
    case 'USER':
      return { ...image, config: { ...config, user: text } };
    case 'ENTRYPOINT':
      return { ...image, config: { ...config, entrypoint: execForm(text) } };
    default:
      throw new Error(
        `the check cannot carry out ${keyword} ${text}: add it to images/dockerfile.ts`,
      );
  }
}

function stagesOf(text: string): Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  const args: Record<string, string> = {};
  for (const instruction of instructionsOf(text)) {
    if (instruction.keyword === 'ARG' && stages.length === 0) {
      const [name = '', value = ''] = instruction.text.split('=');
      args[name] = value;
      continue;
    }
    if (instruction.keyword !== 'FROM') {
      stages.at(-1)?.instructions.push(instruction);
      continue;
    }
    const [, from = '', name = ''] = /^(\S+) AS (\S+)$/u.exec(instruction.text) ?? [];
    if (name === '') throw new Error(`every stage needs a name: FROM ${instruction.text}`);
    stages.push({ name, from: withArguments(from, args), instructions: [] });
  }
  return stages;
}

function withArguments(text: string, args: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/gu, (_, name: string) => {
    const value = args[name];
    if (value === undefined) throw new Error(`${text}: no ARG ${name} before the first FROM`);
    return value;
  });
}

function instructionsOf(text: string): Instruction[] {
  return text
    .replaceAll(/^\s*#.*\n/gmu, '')
    .replaceAll(/\\\n\s*/gu, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, keyword = '', rest = ''] = /^(\S+)\s+(.*)$/u.exec(line) ?? [];
      return { keyword: keyword.toUpperCase(), text: rest.trim() };
    });
}

function copyOf(text: string): Copy {
  const [, from, owner, source, target] =
    /^(?:--from=(\S+) )?(?:--chown=(\d+:\d+) )?(\S+) (\S+)$/u.exec(text) ?? [];
  if (source === undefined || target === undefined)
    throw new Error(`not one source and one target: COPY ${text}`);
  return { from, owner, source, target };
}

function pairs(text: string): Record<string, string> {
  const found = text.split(/\s+/u).map((pair): [string, string] => {
    const [name = '', ...value] = pair.split('=');
    return [name, value.join('=')];
  });
  return Object.fromEntries(found);
}

function execForm(text: string): string[] {
  const words: unknown = text.startsWith('[') ? JSON.parse(text) : undefined;
  if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
  throw new Error(`ENTRYPOINT ${text} needs a shell to start; write it as a JSON list`);
}
