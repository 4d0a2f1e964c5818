import type { Resource } from '../resource.ts';
import { KeptnAppContext } from './app-context.ts';
import { KeptnAppCreationRequest } from './app-creation-request.ts';
import { KeptnAppVersion } from './app-version.ts';
import { KeptnApp } from './app.ts';
import { KeptnConfig } from './config.ts';
import { KeptnEvaluationDefinition } from './evaluation-definition.ts';
import { KeptnEvaluation } from './evaluation.ts';
import { KeptnMetric } from './metric.ts';
import { KeptnMetricsProvider } from './metrics-provider.ts';
import { KeptnTaskDefinition } from './task-definition.ts';
import { KeptnTask } from './task.ts';
import { KeptnWorkloadVersion } from './workload-version.ts';
import { KeptnWorkload } from './workload.ts';

/** Every kind that Sluice defines. CRDs, rights and caches are made from this list. */
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
];
