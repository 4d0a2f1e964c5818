import { list, optional, shortText } from '../schema.ts';

const definitions = (what: string, when: string) =>
  optional(list(`Names of the ${what} that run ${when}.`, shortText('')));

/** The four lists of checks that applications and workloads have in common. */
export const checkLists = {
  preDeploymentTasks: definitions('KeptnTaskDefinitions', 'before the deployment'),
  postDeploymentTasks: definitions('KeptnTaskDefinitions', 'after the deployment'),
  preDeploymentEvaluations: definitions('KeptnEvaluationDefinitions', 'before the deployment'),
  postDeploymentEvaluations: definitions('KeptnEvaluationDefinitions', 'after the deployment'),
};

export const promotionTasks = definitions(
  'KeptnTaskDefinitions',
  'once the application is deployed and its post-deployment checks have passed',
);
