const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A span of time as kubectl prints ages: its two largest units, the smaller one only where the larger is small (`3m12s`, `5h`, `2d3h`). */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const at = units.findIndex(([, size]) => seconds >= size);
  const [unit, size] = units[at] ?? ['s', 1];
  const next = units[at + 1];
  const count = Math.floor(seconds / size);
  const rest = next === undefined || count >= 10 ? 0 : Math.floor((seconds % size) / next[1]);
  return `${count}${unit}${next === undefined || rest === 0 ? '' : `${rest}${next[0]}`}`;
}

/** A time with how far it is from now: `2026-01-01T12:00:00Z (3m ago)`, `… (in 5s)`. Text that is no time stays as it is. */
export function withAge(time: string, now: number): string {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) return time;
  return ms > now ? `${time} (in ${age(ms - now)})` : `${time} (${age(now - ms)} ago)`;
}
