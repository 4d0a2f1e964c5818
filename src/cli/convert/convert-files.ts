import { stringify } from 'yaml';
import { defined, type JsonObject } from '../../api/json.ts';
import { BadInput, type Terminal } from '../../process/terminal.ts';
import { documentsIn } from '../task/task-documents.ts';
import type { ConvertOptions } from './convert-command.ts';
import { convertOldObject } from './old-objects.ts';
import { convertSli } from './sli.ts';
import { type Conversion, convertSlo } from './slo.ts';

const plainYaml = { lineWidth: 0, aliasDuplicateObjects: false } as const;

/** Converts the documents of the files in their order. Throws `BadInput` that names the file, before anything is written. */
export async function convertFiles(options: ConvertOptions, terminal: Terminal): Promise<void> {
  const documents = await documentsIn(options.filename);
  const conversions = documents.map(({ place, object }) => {
    try {
      const { objects, lost } = converted(object, options);
      return { objects, lost: lost.map((one) => `${place}: ${one}`) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new BadInput(`${place}: ${error.message}`, { cause: error });
    }
  });
  const objects = conversions.flatMap((conversion) => conversion.objects);
  terminal.write(objects.map((object) => stringify(object, plainYaml)).join('---\n'));
  for (const line of conversions.flatMap(({ lost }) => lost)) {
    terminal.writeError(`Warning: ${line}\n`);
  }
}

function converted(document: JsonObject, options: ConvertOptions): Conversion {
  const { provider, providerNamespace, name, templateNamespace } = options;
  if (document['kind'] !== undefined) return convertOldObject(document);
  if (document['indicators'] !== undefined) {
    if (provider === undefined) {
      throw new BadInput('is an SLI file; name the provider of its queries: --provider NAME');
    }
    return convertSli(document, {
      provider,
      ...defined({ providerNamespace }),
    });
  }
  if (document['objectives'] !== undefined) {
    if (name === undefined) {
      throw new BadInput('is an SLO file; name what it becomes: --name NAME');
    }
    return convertSlo(document, {
      name,
      ...defined({ templateNamespace }),
    });
  }
  throw new BadInput(
    'is neither a Kubernetes object (kind), nor an SLI file (indicators), nor an SLO file (objectives)',
  );
}
