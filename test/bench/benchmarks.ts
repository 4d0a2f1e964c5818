import { admission } from './admission/admission.ts';
import type { Benchmark } from './benchmark.ts';
import { fifty } from './fifty.ts';
import { fiftyVersions } from './fifty-versions.ts';
import { filled } from './filled.ts';
import { followUpJobs } from './follow-up-jobs.ts';
import { functionRunner } from './function-runner.ts';
import { hostileReviews } from './hostile-reviews.ts';
import { leaderStart } from './leader/leader-start.ts';
import { oneTask } from './one-task.ts';
import { oneVersion } from './one-version.ts';
import { parsers } from './parsers.ts';
import { podCreation } from './pod-creation.ts';
import { real } from './real.ts';
import { scale } from './leader/scale.ts';
import { start } from './start.ts';
import { writes } from './writes.ts';

/** All benchmarks, in the order in which they run. */
export const benchmarks: readonly Benchmark[] = [
  admission,
  leaderStart,
  scale,
  followUpJobs,
  parsers,
  hostileReviews,
  start,
  filled,
  podCreation,
  writes,
  oneVersion,
  oneTask,
  fifty,
  fiftyVersions,
  functionRunner,
  real,
];
