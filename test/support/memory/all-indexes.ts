import { configFrom } from '../../../src/config/config.ts';
import { allControllers, indexesOf } from '../../../src/process/controllers.ts';

/** The indexes of the caches of a process with default settings. */
export const allIndexes = indexesOf(allControllers(configFrom({ flags: new Map(), env: {} })));
