import type { Resource } from '../resource.ts';
import { CheckDefinition } from './check-definition.ts';
import { KeptnAppContext } from './app-context.ts';
import { KeptnAppCreationRequest } from './app-creation-request.ts';
import { KeptnAppVersion } from './app-version.ts';
import { KeptnApp } from './app.ts';
import { KeptnConfig } from './config.ts';
import { KeptnEvaluationDefinition } from './evaluation-definition.ts';
import { KeptnEvaluation } from './evaluation.ts';
import { KeptnEvaluationProvider } from './evaluation-provider.ts';
import { KeptnMetric } from './metric.ts';
import { KeptnMetricsProvider } from './metrics-provider.ts';
import { KeptnTaskDefinition } from './task-definition.ts';
import { KeptnTask } from './task.ts';
import { KeptnWorkloadInstance } from './workload-instance.ts';
import { KeptnWorkloadVersion } from './workload-version.ts';
import { KeptnWorkload } from './workload.ts';

/** Every kind that Sluice works with. Rights and caches are made from this list. */
export const ownKinds: readonly Resource[] = [
  KeptnApp,
  KeptnAppContext,
  KeptnAppCreationRequest,
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnTaskDefinition,
  KeptnEvaluation,
  KeptnEvaluationDefinition,
  KeptnConfig,
  KeptnMetric,
  KeptnMetricsProvider,
  CheckDefinition,
];

/** Kinds of older Keptns on which nothing acts: what is stored of them can be read and deleted. */
const outdatedKinds: readonly Resource[] = [KeptnWorkloadInstance, KeptnEvaluationProvider];

/** Every kind that Sluice defines. CRDs and conversion are made from this list. */
export const servedKinds: readonly Resource[] = [...ownKinds, ...outdatedKinds];
