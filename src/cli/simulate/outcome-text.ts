import { visibleText } from '../../api/text/visible-text.ts';
import type { Outcome, SimulatedCheck } from './simulation.ts';

const words: Readonly<Record<Outcome['pods'], string>> = {
  held: 'held',
  starts: 'not held',
  denied: 'refused',
};

/** What would become of a workload, for people. */
export function outcomeText(outcome: Outcome, withPatch: boolean): string {
  const { object, namespace, pods, why, app, workload, version, phases, warnings } = outcome;
  const width = Math.max(0, ...phases.map(({ name }) => name.length));
  const lines = [
    `${object} in ${namespace}`,
    `  Pods      ${words[pods]}: ${why}`,
    ...(app === undefined
      ? []
      : [
          `  is        version ${version ?? ''} of workload ${workload ?? ''} of application ${app}`,
        ]),
    ...phases.map(({ name, checks }) => {
      const what = checks.length === 0 ? 'the Pods start' : checks.map(checkText).join(', ');
      return `  ${name.padEnd(width)}  ${what}`;
    }),
    ...warnings.map((warning) => `  warning   ${warning}`),
    ...(withPatch && outcome.pod !== undefined
      ? [
          '  the Pod as it enters:',
          ...JSON.stringify(outcome.pod, undefined, 2)
            .split('\n')
            .map((line) => `    ${line}`),
        ]
      : []),
  ];
  return `${lines.map(visibleText).join('\n')}\n`;
}

function checkText({ name, kind, foundIn }: SimulatedCheck): string {
  return foundIn === undefined
    ? `${name} (${kind}: not there yet, it is waited for)`
    : `${name} (${kind} in ${foundIn})`;
}
