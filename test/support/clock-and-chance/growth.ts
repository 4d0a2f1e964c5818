/** Whatever grows with the square of tens of thousands of characters takes longer than this; what is quicker is not looked at. */
const measurableMs = 15;

/** The input grows eightfold, not twofold: what the garbage collector adds now and then must not look like growth. */
const doublings = 3;

/** Of several rounds the least counts, because other work on the machine only ever adds time. */
const rounds = 6;

/** What is quadratic takes a 64th of the large input's time for the small one; more runs than this would find nothing further. */
const mostRuns = 1_000;

/** What is linear takes about twice as long for twice the input, and somewhat more with what it leaves to the garbage collector; what is quadratic, four times. */
export const linear = 3;

/**
 * How many times as long `run` takes for each doubling of its input, measured between `size` and eight times as much. 1 where even
 * that takes no time to speak of.
 */
export function growth(run: (size: number) => void, size: number): number {
  const largest = size * 2 ** doublings;
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds && least > linear; round += 1) {
    const large = timeOf(() => run(largest));
    if (large < measurableMs) return 1;
    least = Math.min(least, (large / meanOf(() => run(size))) ** (1 / doublings));
  }
  return least;
}

/**
 * The mean of as many runs as take a measurable time together: the clock of a thread moves in steps of up to some milliseconds,
 * and a single short run may seem to have taken none. Runs after the large one find compiled code.
 */
function meanOf(run: () => void): number {
  let total = 0;
  let runs = 0;
  for (; total < measurableMs && runs < mostRuns; runs += 1) total += timeOf(run);
  return Math.max(total, 1) / runs;
}

/** Milliseconds of this thread on a processor: time in which other programs had it does not count. */
function timeOf(run: () => void): number {
  const from = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(from);
  return (user + system) / 1000;
}
