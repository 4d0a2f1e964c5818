import { list, optional, shortText } from '../schema.ts';

const definitions = (what: string, when: string, bounds: { readonly maxItems?: number } = {}) =>
  optional(list(`Names of the ${what} that run ${when}.`, shortText(''), bounds));

const lists = (bounds?: { readonly maxItems: number }) => ({
  preDeploymentTasks: definitions('KeptnTaskDefinitions', 'before the deployment', bounds),
  postDeploymentTasks: definitions('KeptnTaskDefinitions', 'after the deployment', bounds),
  preDeploymentEvaluations: definitions(
    'KeptnEvaluationDefinitions',
    'before the deployment',
    bounds,
  ),
  postDeploymentEvaluations: definitions(
    'KeptnEvaluationDefinitions',
    'after the deployment',
    bounds,
  ),
});

const standingLists = (bounds?: { readonly maxItems: number }) => ({
  preDeploymentChecks: definitions(
    'CheckDefinitions',
    'beside the evaluations before the deployment',
    bounds,
  ),
  postDeploymentChecks: definitions(
    'CheckDefinitions',
    'beside the evaluations after the deployment',
    bounds,
  ),
});

/** The lists of checks that applications and workloads have in common. Those of a workload are as long as its annotations. */
export const checkLists = { ...lists(), ...standingLists() };

/** Each check is an object, an item of a status and some Events, and one write of them all would be too large for the API server. */
const bounds = { maxItems: 500 };

/** The four lists of a KeptnApp before v1beta1, when there was no KeptnAppContext. */
export const outdatedAppCheckLists = lists(bounds);

/** The same of an application, as somebody writes them into a KeptnAppContext. */
export const appCheckLists = {
  ...lists(bounds),
  ...standingLists(bounds),
  promotionTasks: definitions(
    'KeptnTaskDefinitions',
    'once the application is deployed and its post-deployment checks have passed',
    bounds,
  ),
};
