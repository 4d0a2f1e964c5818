import type { Played } from './play-case.ts';
import { seenApp, seenWorkload } from './seen.ts';
import type { Expected } from './test-file.ts';

/** One thing that is not as a case expects it. */
export interface Difference {
  /** Under `expect`: `workloads[cart].state`. */
  readonly path: string;
  /** Expected, and what came instead. */
  readonly says: string;
}

/** Everything that is not as the case expects it; what it says nothing about may be as it likes. */
export function differences(expected: Expected, played: Played): readonly Difference[] {
  const workloads = Object.entries(expected.workloads ?? {}).flatMap(([name, wanted]) =>
    ofObject(`workloads[${name}]`, wanted, seenWorkload(name, played)),
  );
  const apps = Object.entries(expected.apps ?? {}).flatMap(([name, wanted]) =>
    ofObject(`apps[${name}]`, wanted, seenApp(name, played)),
  );
  return [...workloads, ...apps, ...ofRefused(expected.refused ?? [], played)];
}

function ofObject(
  path: string,
  wanted: Readonly<Record<string, unknown>>,
  seen: Readonly<Record<string, unknown>> | undefined,
): readonly Difference[] {
  if (seen === undefined)
    return [{ path, says: 'expected to be there, and none of the manifests has it' }];
  return Object.entries(wanted).flatMap(([field, value]): Difference[] => {
    const place = `${path}.${field}`;
    const found = seen[field];
    if (field === 'warnings') return ofWarnings(place, textsIn(value), textsIn(found));
    if (Array.isArray(value)) return ofNames(place, textsIn(value), textsIn(found));
    if (value === found) return [];
    return [{ path: place, says: `expected ${shown(value)}, got ${shown(found)}` }];
  });
}

function ofNames(path: string, wanted: readonly string[], found: readonly string[]): Difference[] {
  const missing = wanted.filter((name) => !found.includes(name));
  const unexpected = found.filter((name) => !wanted.includes(name));
  if (missing.length === 0 && unexpected.length === 0) return [];
  const what = [
    ...missing.map((name) => `${name} has not run`),
    ...unexpected.map((name) => `${name} has run and is not expected`),
  ];
  return [{ path, says: `expected ${listed(wanted)}, got ${listed(found)}: ${what.join(', ')}` }];
}

/** A warning is expected by a part of its text; an empty list means that there is none. */
function ofWarnings(
  path: string,
  wanted: readonly string[],
  found: readonly string[],
): Difference[] {
  if (wanted.length === 0 && found.length > 0)
    return [{ path, says: `expected no warning, got: ${found.join('; ')}` }];
  return wanted
    .filter((part) => !found.some((warning) => warning.includes(part)))
    .map((part) => ({
      path,
      says: `expected a warning with "${part}", got ${found.length === 0 ? 'none' : found.join('; ')}`,
    }));
}

/** What is refused and not expected to be is a difference, too: the case would show something else than what is applied. */
function ofRefused(wanted: readonly string[], { refused }: Played): readonly Difference[] {
  const keyOf = (text: string): string => text.replace('/', ' ').toLowerCase();
  const all = new Map([...refused].map(([key, why]) => [keyOf(key), { key, why }]));
  const missing = wanted
    .filter((text) => !all.has(keyOf(text)))
    .map((text) => ({
      path: 'refused',
      says: `expected ${text} to be refused, and it was let in`,
    }));
  const names = new Set(wanted.map(keyOf));
  const unexpected = [...all]
    .filter(([key]) => !names.has(key))
    .map(([, { key, why }]) => ({ path: '', says: `${key} was refused: ${why}` }));
  return [...missing, ...unexpected];
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function listed(names: readonly string[]): string {
  return `[${names.join(', ')}]`;
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
