import type { Command } from 'commander';
import type { SteeringVerb } from '../../api/keptn/steering.ts';
import { refOf } from '../../api/object.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { FoundFailed, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected } from '../command/command-config.ts';
import type { ObjectOptions } from '../command/object-options.ts';
import { type OutputFormat, structured } from '../command/output-option.ts';
import { type Lister, lookupOf } from '../command/snapshot.ts';
import { meantBy, type Target, type Targeting } from '../command/target.ts';
import { annotating, type Answer, ask, type SteeredCluster } from './ask.ts';
import { kindsToRead, type Level, type SteeredObject, steeredObject } from './steered-object.ts';

/** What the options of a steering command may say. */
export interface SteeringOptions extends ObjectOptions {
  readonly output: OutputFormat;
  readonly dryRun?: boolean;
  /** In milliseconds. */
  readonly timeout: number;
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
  readonly words: readonly string[];
  readonly level: Level;
  readonly targeting: Targeting;
  readonly given: SteeringOptions;
  deed(check: string | undefined): Deed;
}

/**
 * Finds what is meant, does it, and shows the answer, one object after the other. Throws `FoundFailed` where Sluice has refused
 * one or has not answered.
 */
export async function steer(
  request: SteeringRequest,
  { command, terminal }: { readonly command: Command; readonly terminal: Terminal },
): Promise<void> {
  const { words, given, targeting } = request;
  // Judged before anybody is asked.
  const meant = meantBy(words, given.selector, targeting);
  await using connection = await connected(command, terminal);
  const namespace = given.namespace ?? connection.namespace;
  const by = { cluster: connection.client, namespace, stop: terminal.stop };
  let isDone = true;
  for (const target of await meant.targets(connection.client, namespace)) {
    const shown = await steered(target, request, by);
    terminal.write(shown.text);
    isDone &&= shown.isDone;
  }
  if (!isDone) throw new FoundFailed();
}

/** What is shown of a command about one object, and whether it has done what it was for. */
async function steered(
  target: Target,
  request: SteeringRequest,
  by: {
    readonly cluster: SteeredCluster & Lister;
    readonly namespace: string;
    readonly stop: AbortSignal;
  },
): Promise<{ readonly text: string; readonly isDone: boolean }> {
  const { cluster, namespace, stop } = by;
  const { given, level } = request;
  const lookup = await lookupOf(cluster, kindsToRead(target), namespace);
  const found = steeredObject(target, level, { lookup, namespace });
  const deed = request.deed(found.check);
  const dryRun = given.dryRun === true;
  if (deed.type === 'set') {
    const operations = annotating(found.object, deed.annotations);
    await cluster.patch(refOf(found.kind, found.object), operations, { dryRun });
    const says = dryRun ? 'may be changed so; nothing was changed' : deed.says;
    return shownAs(found, given, { type: dryRun ? 'checked' : 'done', isDone: true, says });
  }
  const answer = await ask(
    found,
    { ...deed, dryRun, waitMs: given.timeout },
    { cluster, clock: systemClock, stop },
  );
  return shownAs(found, given, { ...sayingOf(answer, deed.verb), type: answer.type, answer });
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
  if (output === 'text' || output === 'wide') {
    const text = `${kind.kind.toLowerCase()}/${name} -n ${namespace}: ${says}`;
    return { text: `${visibleText(text)}\n`, isDone };
  }
  const facts = { kind: kind.kind, name, namespace, outcome: type, done: isDone, message: says };
  const record = answer?.type === 'answered' ? { record: answer.record } : {};
  return { text: structured({ ...facts, ...record }, output), isDone };
}
