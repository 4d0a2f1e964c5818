import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { Command } from 'commander';
import type { SteeringVerb } from '../../api/keptn/steering.ts';
import { refOf } from '../../api/object.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { BadInput, FoundFailed, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected } from '../command/command-config.ts';
import { type Lister, lookupOf } from '../command/snapshot.ts';
import { annotating, type Answer, ask, type SteeredCluster } from './ask.ts';
import {
  kindsToRead,
  type Level,
  namedObject,
  type SteeredObject,
  steeredObject,
  type Named,
} from './steered-object.ts';

/** What the options of a steering command may say. */
export interface SteeringOptions {
  readonly namespace?: string;
  readonly output: 'text' | 'json';
  readonly dryRun?: boolean;
  readonly timeout: string;
  readonly what?: string;
  readonly reason?: string;
  readonly for?: string;
}

/** What a command does to the object: it asks the controller for something, or sets what lasts. */
export type Deed =
  | {
      readonly type: 'ask';
      readonly verb: SteeringVerb;
      readonly annotations: Readonly<Record<string, string>>;
    }
  | {
      readonly type: 'set';
      readonly annotations: Readonly<Record<string, string | undefined>>;
      /** What is so afterwards. */
      readonly says: string;
    };

/** A command line that steers. */
export interface SteeringRequest {
  readonly target: string;
  readonly separate: string | undefined;
  readonly level: Level;
  /** The command's name, and whether it can be about one task or evaluation. */
  readonly verb: string;
  readonly takesChecks: boolean;
  readonly given: SteeringOptions;
  deed(check: string | undefined): Deed;
}

/** Finds what is meant, does it, and shows the answer. Throws `FoundFailed` where Sluice has refused it or has not answered. */
export async function steer(
  request: SteeringRequest,
  { command, terminal }: { readonly command: Command; readonly terminal: Terminal },
): Promise<void> {
  // Judged before anybody is asked.
  refuseChecks(request, namedObject(request.target, request.separate));
  waitMsOf(request.given);
  await using connection = await connected(command, terminal);
  const namespace = request.given.namespace ?? connection.namespace;
  const shown = await steered(request, {
    cluster: connection.client,
    namespace,
    stop: terminal.stop,
  });
  terminal.write(`${visibleText(shown.text)}\n`);
  if (!shown.isDone) throw new FoundFailed();
}

/** Of a task or an evaluation only `retry` is meant; the other verbs would act on its whole version, unasked. */
function refuseChecks({ verb, takesChecks }: SteeringRequest, { kind, name }: Named): void {
  if (takesChecks || (kind !== KeptnTask && kind !== KeptnEvaluation)) return;
  throw new BadInput(
    `${verb} is for a whole version: name a deployment, an application or a version; for one check alone there is sluice retry ${kind.kind.toLowerCase()}/${name}`,
  );
}

/** What is shown of a command, and whether it has done what it was for. */
async function steered(
  request: SteeringRequest,
  by: {
    readonly cluster: SteeredCluster & Lister;
    readonly namespace: string;
    readonly stop: AbortSignal;
  },
): Promise<{ readonly text: string; readonly isDone: boolean }> {
  const { cluster, namespace, stop } = by;
  const { given, level } = request;
  const named = namedObject(request.target, request.separate);
  const lookup = await lookupOf(cluster, kindsToRead(named), namespace);
  const found = steeredObject(named, level, { lookup, namespace });
  const deed = request.deed(found.check);
  const dryRun = given.dryRun === true;
  if (deed.type === 'set') {
    const operations = annotating(found.object, deed.annotations);
    await cluster.patch(refOf(found.kind, found.object), operations, { dryRun });
    const says = dryRun ? 'may be changed so; nothing was changed' : deed.says;
    return shownAs(found, given, { type: dryRun ? 'checked' : 'done', isDone: true, says });
  }
  const waitMs = waitMsOf(given);
  const answer = await ask(
    found,
    { ...deed, dryRun, waitMs },
    { cluster, clock: systemClock, stop },
  );
  return shownAs(found, given, { ...sayingOf(answer, deed.verb), type: answer.type, answer });
}

function waitMsOf({ timeout }: SteeringOptions): number {
  const seconds = Number(timeout);
  if (timeout.trim() === '' || !Number.isFinite(seconds) || seconds < 0) {
    throw new BadInput(
      `--timeout: "${timeout}", expected a number of seconds without a unit, such as 10`,
    );
  }
  return seconds * 1000;
}

function sayingOf(
  answer: Answer,
  verb: SteeringVerb,
): { readonly isDone: boolean; readonly says: string } {
  switch (answer.type) {
    case 'answered':
      return { isDone: answer.record.outcome === 'Done', says: answer.record.message };
    case 'checked':
      return { isDone: true, says: `${answer.request.user} may ${verb} it; nothing was changed` };
    case 'asked':
      return {
        isDone: false,
        says: `${verb} is asked for by ${answer.request.user}, and Sluice has not answered yet: look whether it runs (kubectl get lease -A); what becomes of it will stand in status.steering`,
      };
    case 'unstamped':
      return {
        isDone: false,
        says: `${verb} has not passed Sluice's admission, so that nothing will come of it: look whether its webhooks are installed (sluice install)`,
      };
  }
}

function shownAs(
  { kind, object }: SteeredObject,
  { output }: SteeringOptions,
  what: {
    readonly type: string;
    readonly isDone: boolean;
    readonly says: string;
    readonly answer?: Answer;
  },
): { readonly text: string; readonly isDone: boolean } {
  const { namespace = '', name } = object.metadata;
  const { type, isDone, says, answer } = what;
  if (output === 'text') {
    return { text: `${kind.kind.toLowerCase()}/${name} -n ${namespace}: ${says}`, isDone };
  }
  const facts = { kind: kind.kind, name, namespace, outcome: type, done: isDone, message: says };
  const record = answer?.type === 'answered' ? { record: answer.record } : {};
  return { text: JSON.stringify({ ...facts, ...record }, undefined, 2), isDone };
}
