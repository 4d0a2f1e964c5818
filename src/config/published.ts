import packageJson from '../../package.json' with { type: 'json' };

/**
 * Where what is released can be had. This is the one place for it: settings, manifests, chart, images and the release workflow read it
 * from here. A fork changes these lines and runs `npm run generate`.
 */
const source = 'https://github.com/keptn-sluice/sluice';
export const published = {
  registry: 'ghcr.io',
  organization: 'keptn-sluice',
  /** The sources, without a slash at the end. */
  source,
  /** Where editors find `manifests/schemas`, without a slash at the end. */
  schemas: 'https://raw.githubusercontent.com/keptn-sluice/sluice/main/manifests/schemas',
  /** Where alerts send people: the page of an alert is its name and `.md` after this, without a slash at the end. */
  runbooks: `${source}/blob/main/docs/runbooks`,
} as const;

/** The image of this name and version, for example `publishedImage('sluice-functions')`. */
export function publishedImage(name: string, tag: string = packageJson.version): string {
  return `${published.registry}/${published.organization}/${name}:${tag}`;
}
