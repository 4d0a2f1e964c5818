import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import {
  appPhases,
  type CheckPhase,
  type DefinitionsField,
  workloadPhases,
} from '../../domain/phase/phases.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';

/** A version whose checks are compared. */
export type Version = KeptnAppVersion | KeptnWorkloadVersion;

/** One check of a version, and how it went. */
export interface CheckOfVersion {
  /** Short name of the phase. */
  readonly phase: string;
  /** The definition. */
  readonly check: string;
  readonly status: string;
  /** RFC 3339. */
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
  /** Which state of the definition it was run with; undefined for what was not begun, or is not on record. */
  readonly definitionVersion: string | undefined;
  readonly message: string | undefined;
}

/** The checks that a version has run or will run, in the order of its phases, and its deployment among them. */
export function checksOf(version: Version): readonly CheckOfVersion[] {
  const status: VersionStatus | undefined = version.status;
  const phases = version.kind === KeptnAppVersion.kind ? appPhases : workloadPhases;
  return phases.flatMap((phase) => {
    if (phase.type !== 'deploy') return itemsOf(version, phase).map((item) => checkOf(phase, item));
    const record = status?.phaseRecords?.[phase.short];
    const { startTime, endTime } = record ?? {};
    return [
      {
        phase: phase.short,
        check: '(deployment)',
        status: status?.[phase.state] ?? 'Pending',
        startTime,
        endTime,
        definitionVersion: undefined,
        message: undefined,
      },
    ];
  });
}

function checkOf({ short }: CheckPhase, item: ItemStatus): CheckOfVersion {
  const { definitionName = '', status = 'Pending', startTime, endTime } = item;
  const { definitionVersion, message } = item;
  return {
    phase: short,
    check: definitionName,
    status,
    startTime,
    endTime,
    definitionVersion,
    message,
  };
}

/** What is on record of a phase, and of what it names but has not begun that it is pending. */
function itemsOf(version: Version, phase: CheckPhase): readonly ItemStatus[] {
  const status: VersionStatus | undefined = version.status;
  const items = status?.[phase.items] ?? [];
  const begun = new Set(items.map(({ definitionName }) => definitionName));
  const rest = [...new Set(namedBy(version, phase.definitions))].filter((name) => !begun.has(name));
  return [...items, ...rest.map((definitionName) => ({ definitionName }))];
}

function namedBy(version: Version, field: DefinitionsField): readonly string[] {
  const spec: Readonly<Partial<Record<DefinitionsField, readonly string[]>>> = version.spec;
  return [...(spec[field] ?? []), ...requestedBy(version, field)];
}

function requestedBy({ status }: Version, field: DefinitionsField): readonly string[] {
  if (field === 'promotionTasks' || status === undefined || !('requestedChecks' in status))
    return [];
  return (status.requestedChecks ?? []).flatMap((asked) => asked[field] ?? []);
}
