/*
 * The pace of deletions. A first start in a cluster with years of history has thousands of versions to delete, and each takes
 * tasks, evaluations and Jobs with it by garbage collection: the API server has other things to do.
 */

/** So many versions are deleted at once … */
export const mostAtOnce = 10;

/** … and then the controller rests, whatever else it could delete. Milliseconds. */
export const restMs = 1_000;

/** When what could not be judged, or is not quite over, is looked at again. Milliseconds. */
export const lookAgainMs = 5 * 60_000;
