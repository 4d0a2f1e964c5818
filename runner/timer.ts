/** The longest delay of a timer; a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Acts once, after any time (Infinity: never); the answer calls it off. */
export function after(ms: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = (rest: number): void => {
    if (rest === Infinity) return;
    const next = Math.min(Math.max(rest, 0), longestTimerMs);
    timer = setTimeout(() => (rest > next ? wait(rest - next) : act()), next);
  };
  wait(ms);
  return () => clearTimeout(timer);
}
