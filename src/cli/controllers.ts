import { admissionIndexes } from '../admission/indexes.ts';
import type { Config } from '../config.ts';
import { appController } from '../controllers/app.ts';
import { appCreationController } from '../controllers/app-creation.ts';
import { appVersionController } from '../controllers/app-version.ts';
import type { Controller } from '../controllers/controller.ts';
import { evaluationController, openEvaluationsByDefinition } from '../controllers/evaluation.ts';
import { evaluationsAwaitingFollowUp, tasksAwaitingFollowUp } from '../controllers/follow-ups.ts';
import { keptnConfigController } from '../controllers/keptn-config.ts';
import { lifecycleIndexes } from '../controllers/lifecycle-indexes.ts';
import { metricsByProvider } from '../controllers/metric.ts';
import { namespaceController } from '../controllers/namespace.ts';
import { podGateController } from '../controllers/pod-gate.ts';
import { referenceIndexes } from '../controllers/reference-index.ts';
import { referenceControllers } from '../controllers/references.ts';
import { taskController, tasksAwaitingDefinition, tasksAwaitingSlot } from '../controllers/task.ts';
import {
  taskDefinitionController,
  taskDefinitionsByFunctionRef,
} from '../controllers/task-definition.ts';
import { workloadController } from '../controllers/workload.ts';
import { workloadVersionController } from '../controllers/workload-version.ts';

/** Everything the engine runs. A new controller is another entry, and its indexes below. */
export function allControllers(config: Config): readonly Controller[] {
  const { namespace, definitionsNamespace, denoImage, pythonImage, bashImage, workers } = config;
  const places = { operatorNamespace: namespace, definitionsNamespace };
  const controllers: readonly Controller[] = [
    namespaceController(),
    keptnConfigController(places),
    appCreationController(places),
    appController(),
    appVersionController(places, { promotionTasks: config.promotionTasks }),
    workloadController(places),
    workloadVersionController(places),
    podGateController(places),
    taskDefinitionController(places),
    taskController({ ...places, denoImage, pythonImage, bashImage }),
    evaluationController(places),
    ...referenceControllers(places),
  ];
  return workers === undefined ? controllers : controllers.map((one) => withAtMost(one, workers));
}

/** The indexes of the caches, beside the one by owner that every kind has. */
export const allIndexes = [
  ...admissionIndexes,
  ...lifecycleIndexes,
  openEvaluationsByDefinition,
  evaluationsAwaitingFollowUp,
  metricsByProvider,
  taskDefinitionsByFunctionRef,
  tasksAwaitingDefinition,
  tasksAwaitingSlot,
  tasksAwaitingFollowUp,
  ...referenceIndexes,
];

function withAtMost(controller: Controller, workers: number): Controller {
  return { ...controller, workers: Math.min(controller.workers ?? workers, workers) };
}
