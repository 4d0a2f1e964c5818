import { controllerRuntimeSeries } from './controller-runtime-series.ts';
import { keptnSeries } from './keptn-series.ts';
import type { Series } from './series.ts';
import { sluiceSeries } from './sluice-series.ts';

/** Every family that Sluice serves, beside those of Node and the process. */
export const allSeries: readonly Series[] = [
  ...sluiceSeries,
  ...controllerRuntimeSeries,
  ...keptnSeries,
];
