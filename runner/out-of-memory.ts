import { readFileSync } from 'node:fs';

// Control groups, version 2 and 1, as a container sees its own.
const counters = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];

/** How many processes of this container the kernel has killed for memory so far; 0 where that cannot be known. */
export function outOfMemoryKills(): number {
  for (const path of counters) {
    const [, count] = /^oom_kill (\d+)$/mu.exec(contentOf(path)) ?? [];
    if (count !== undefined) return Number(count);
  }
  return 0;
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
