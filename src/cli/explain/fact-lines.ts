import { shortened } from '../../domain/shortened.ts';
import type { Facts, ObjectiveFact } from '../../domain/explain/facts.ts';
import { withAge } from './age.ts';

const longestResult = 200;

/** The facts in words, a line each; what the sentence of the finding has said already is left out. */
export function factLines(facts: Facts, now: number): string[] {
  const { output, result, objectives = [], phases = [], notes = [], remedies = [] } = facts;
  const lines = [
    run(facts, now),
    ...saidLast(output, facts.message),
    ...(result === undefined
      ? []
      : [`returned ${shortened(JSON.stringify(result), longestResult)}`]),
    ...objectives.map(objectiveLine),
    measured(facts, now),
    ...(phases.length < 2
      ? []
      : [phases.map(({ phase, state }) => `${phase} ${state}`).join(' → ')]),
    ...notes,
    ...remedies.map((remedy) => `→ ${remedy}`),
  ];
  return lines.filter((line) => line !== '');
}

function run(facts: Facts, now: number): string {
  const { job, exitCode, restarts = 0, runs = 0, startTime, endTime, deadline } = facts;
  return joined([
    job === undefined || job === '' ? undefined : `Job ${job}`,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    restarts === 0 ? undefined : `started again ${restarts} times`,
    runs > 1 ? `ran ${runs} times` : undefined,
    startTime === undefined ? undefined : `since ${withAge(startTime, now)}`,
    endTime === undefined ? undefined : `until ${withAge(endTime, now)}`,
    deadline === undefined ? undefined : `given up at ${withAge(deadline, now)}`,
  ]);
}

function measured(facts: Facts, now: number): string {
  const { measurements, nextAttemptTime, value, measuredAt } = facts;
  return joined([
    value === undefined ? undefined : `value ${value}`,
    measuredAt === undefined ? undefined : `measured at ${withAge(measuredAt, now)}`,
    measurements === undefined
      ? undefined
      : `measured ${measurements.done} of ${measurements.atMost} times`,
    nextAttemptTime === undefined ? undefined : `next at ${withAge(nextAttemptTime, now)}`,
  ]);
}

function objectiveLine({ metric, state, message }: ObjectiveFact): string {
  return `${metric} ${state}: ${message ?? 'no measurement yet'}`;
}

function saidLast(output: string | undefined, message: string | undefined): string[] {
  const said = output?.trim() ?? '';
  return said === '' || message?.includes(said) === true ? [] : [`said last: ${said}`];
}

function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(', ');
}
