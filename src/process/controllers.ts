import { admissionIndexes } from '../admission/indexes.ts';
import type { Config } from '../config/config.ts';
import { appController } from '../controllers/app.ts';
import { appMembershipController } from '../controllers/app-membership.ts';
import { appCreationController } from '../controllers/app-creation.ts';
import { appVersionController } from '../controllers/app-version.ts';
import type { Controller } from '../controllers/engine/controller.ts';
import { evaluationController } from '../controllers/evaluation.ts';
import { keptnConfigController } from '../controllers/keptn-config.ts';
import { metricsByProvider } from '../controllers/loops/metric-loop.ts';
import { namespaceController } from '../controllers/namespace.ts';
import { optInRecordController } from '../controllers/opt-in-record.ts';
import { podGateController } from '../controllers/pod-gate.ts';
import { releasedListController } from '../controllers/released-list.ts';
import { referenceControllers } from '../controllers/resolved-refs.ts';
import { appHistoryController } from '../controllers/retention/app-history.ts';
import { orphanedJobController } from '../controllers/retention/orphaned-jobs.ts';
import { unusedAppController } from '../controllers/retention/unused-apps.ts';
import { workloadHistoryController } from '../controllers/retention/workload-history.ts';
import { taskController } from '../controllers/task.ts';
import { taskDefinitionController } from '../controllers/task-definition.ts';
import { awaitingExport } from '../controllers/loops/trace-export.ts';
import {
  type IsTraced,
  tracedAppVersions,
  tracedEvaluations,
  tracedTasks,
  tracedWorkloadVersions,
} from '../controllers/engine/traced.ts';
import { workloadController } from '../controllers/workload.ts';
import { workloadVersionController } from '../controllers/workload-version.ts';
import { placesOf } from './places.ts';
import { collectorIn } from './tracing.ts';
import type { IndexDefinition } from '../ports/index-definition.ts';

/** Everything the engine runs. A new controller is another entry. */
export function allControllers(config: Config): readonly Controller[] {
  const { denoImage, pythonImage, bashImage, workers } = config;
  const places = placesOf(config);
  const isTraced: IsTraced = (lookup) => collectorIn(config, lookup) !== undefined;
  const controllers: readonly Controller[] = [
    namespaceController(places),
    optInRecordController(places),
    keptnConfigController(places),
    appCreationController(places, { promotionTasks: config.promotionTasks }),
    appController(places),
    appMembershipController(),
    tracedAppVersions(
      appVersionController(places, { promotionTasks: config.promotionTasks }),
      isTraced,
    ),
    workloadController(places),
    tracedWorkloadVersions(workloadVersionController(places), isTraced),
    podGateController(places, config),
    taskDefinitionController(places),
    tracedTasks(taskController({ ...places, denoImage, pythonImage, bashImage }), isTraced),
    tracedEvaluations(evaluationController(places), isTraced),
    ...referenceControllers(places),
    workloadHistoryController(places, isTraced),
    appHistoryController(places, isTraced),
    unusedAppController(places, isTraced),
    orphanedJobController(),
    ...(config.backstop ? [releasedListController(places)] : []),
  ];
  return workers === undefined ? controllers : controllers.map((one) => withAtMost(one, workers));
}

/** What the loops beside the controllers ask the caches by. */
const loopIndexes: readonly IndexDefinition[] = [...awaitingExport, metricsByProvider];

/** The indexes of the caches, beside the one by owner: those of admission, of these controllers and of the loops beside them. */
export function indexesOf(controllers: readonly Controller[]): readonly IndexDefinition[] {
  const ofControllers = controllers.flatMap(({ indexes = [] }) => indexes);
  return [...new Set([...admissionIndexes, ...ofControllers, ...loopIndexes])];
}

function withAtMost(controller: Controller, workers: number): Controller {
  return { ...controller, workers: Math.min(controller.workers ?? workers, workers) };
}
