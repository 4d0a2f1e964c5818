import packageJson from '../package.json' with { type: 'json' };
import { imageList } from '../images/build/image-list.ts';
import { published } from '../src/config/published.ts';

/** `npm run published`: what is published and under which names, as one line of JSON for the release workflow. */
const facts = {
  ...published,
  version: packageJson.version,
  images: imageList.map(({ name }) => name),
};
process.stdout.write(`${JSON.stringify(facts)}\n`);
