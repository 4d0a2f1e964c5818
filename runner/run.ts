import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt, type Outcome } from './attempt.ts';
import { attemptPlan, type Host, lineMark } from './attempt-plan.ts';
import { AttemptFailed, exitCodeFor, type Reason } from './failure.ts';
import { languages } from './languages/languages.ts';
import type { Language } from './languages/language.ts';
import { durationText } from './quantity.ts';
import type { Settings } from './settings.ts';
import { type Script, scriptFrom } from './source.ts';
import type { AttemptRecord, Report } from './status.ts';
import { Stop, stopOf } from './stop.ts';
import { after, longestTimerMs } from './timer.ts';

/** Runs the function until it succeeds, no attempt or no time is left, or it is to end; the answer is the last report. */
export async function run(settings: Settings, host: Host): Promise<Report> {
  const running = new Run(settings, host);
  try {
    return await running.toTheEnd();
  } finally {
    running.release();
  }
}

class Run {
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #language: Language;
  readonly #startedAt: number;
  /** When no time is left, by the monotonic clock. */
  readonly #overAt: number;
  readonly #done: AttemptRecord[] = [];
  readonly #stop = new AbortController();
  readonly #release: readonly (() => void)[];
  /** When the attempt that is under way began. */
  #attemptAt: number | undefined;
  #script: Script | undefined;

  constructor(settings: Settings, host: Host) {
    this.#settings = settings;
    this.#host = host;
    this.#language = languages[settings.runtime];
    this.#startedAt = host.now();
    this.#overAt = host.elapsed() + settings.timeoutMs;
    const { terminate } = host;
    const onTerminate = (): void => this.#end(stopOf(terminate) ?? Stop.terminated('SIGTERM'));
    terminate.addEventListener('abort', onTerminate);
    this.#release = [
      after(settings.timeoutMs, () => this.#end(this.#deadline)),
      () => terminate.removeEventListener('abort', onTerminate),
    ];
    if (terminate.aborted) onTerminate();
  }

  release(): void {
    for (const release of this.#release) release();
  }

  async toTheEnd(): Promise<Report> {
    for (let number = 1; ; number += 1) {
      const stop = stopOf(this.#stop.signal);
      if (stop !== undefined) return this.#finish(ofStop(stop), number - 1);
      const { outcome, isLast } = await this.#attempt(number);
      if (outcome.reason === 'Completed' || isLast || number === this.#settings.attempts) {
        return this.#finish(outcome, number);
      }
      const left = this.#overAt - this.#host.elapsed();
      if (left <= this.#settings.retryIntervalMs) {
        const message = `${outcome.message}; no time is left for another attempt (overall limit: ${this.#limit})`;
        return this.#finish({ ...outcome, ...ofStop(this.#deadline), message }, number);
      }
      this.#tell(outcome, number, false);
      const pause = durationText(this.#settings.retryIntervalMs);
      this.#say(`${outcome.reason}: ${outcome.message}; next attempt in ${pause}`, number);
      await this.#pause();
    }
  }

  async #attempt(number: number): Promise<{ outcome: Outcome; isLast: boolean }> {
    const own = new AbortController();
    const { attemptTimeoutMs } = this.#settings;
    const release = after(attemptTimeoutMs, () => own.abort(Stop.attemptTimeout(attemptTimeoutMs)));
    const startedAt = this.#host.now();
    this.#attemptAt = startedAt;
    try {
      const either = AbortSignal.any([this.#stop.signal, own.signal]);
      const { outcome, isLast } = await this.#outcome(number, either);
      this.#done.push(recordOf(outcome, { number, startedAt, now: this.#host.now() }));
      return { outcome, isLast: isLast || this.#stop.signal.aborted };
    } finally {
      this.#attemptAt = undefined;
      release();
    }
  }

  async #outcome(
    number: number,
    stop: AbortSignal,
  ): Promise<{ outcome: Outcome; isLast: boolean }> {
    const { workspace, env } = this.#host;
    const settings = this.#settings;
    const directory = workspace.attempt(number);
    try {
      const to = { settings, language: this.#language, env, directory: workspace.script };
      this.#script ??= await scriptFrom(to, stop);
      const plan = attemptPlan({
        settings,
        language: this.#language,
        host: this.#host,
        script: this.#script,
        directory,
        number,
      });
      const outcome = await attempt(plan, stop);
      // The next attempt would have the same permissions.
      return { outcome, isLast: outcome.reason === 'PermissionMissing' };
    } catch (error) {
      if (error instanceof Stop) return { outcome: ofStop(error), isLast: false };
      if (error instanceof AttemptFailed)
        return { outcome: ofFailure(error), isLast: error.isLast };
      throw error;
    } finally {
      directory.remove();
    }
  }

  /** Ends all; says so at once, because there may be no time to say more. */
  #end(stop: Stop): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(stop);
    this.#tell(ofStop(stop), this.#done.length + (this.#attemptAt === undefined ? 0 : 1), false);
  }

  #finish(outcome: Outcome, number: number): Report {
    const report = this.#tell(outcome, number, true);
    if (report.reason !== 'Completed') this.#say(`${report.reason}: ${outcome.message}`, number);
    else if (outcome.message !== 'succeeded') this.#say(outcome.message, number);
    return report;
  }

  #tell(outcome: Outcome, number: number, isFinal: boolean): Report {
    const { attempts, runtime } = this.#settings;
    const now = this.#host.now();
    const underWay =
      this.#attemptAt === undefined
        ? []
        : [recordOf(outcome, { number, startedAt: this.#attemptAt, now })];
    const report: Report = {
      reason: outcome.reason,
      message:
        attempts === 1 || number === 0
          ? outcome.message
          : `attempt ${number} of ${attempts}: ${outcome.message}`,
      exitCode: exitCodeFor(outcome.exitCode),
      isFinal,
      now,
      startedAt: this.#startedAt,
      runtime,
      attemptsAllowed: attempts,
      attempts: [...this.#done, ...underWay],
      result: outcome.result,
    };
    this.#host.report(report);
    return report;
  }

  get #limit(): string {
    return durationText(this.#settings.timeoutMs);
  }

  get #deadline(): Stop {
    return Stop.deadline(this.#limit);
  }

  async #pause(): Promise<void> {
    const ms = Math.min(this.#settings.retryIntervalMs, longestTimerMs);
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  #say(text: string, number: number): void {
    const mark = number === 0 ? '' : lineMark(this.#settings, number);
    this.#host.stderr.write(Buffer.from(`${mark}runner: ${text}\n`));
  }
}

function recordOf(
  { reason, end, lastErrorLine, isOutputTruncated }: Outcome,
  { number, startedAt, now }: { number: number; startedAt: number; now: number },
): AttemptRecord {
  return {
    number,
    startedAt,
    durationMs: now - startedAt,
    reason,
    end,
    lastErrorLine,
    isOutputTruncated,
  };
}

/** An attempt of which no process is to be told. */
function without(reason: Reason, message: string, exitCode: number): Outcome {
  return { reason, message, exitCode, lastErrorLine: '', isOutputTruncated: false };
}

function ofStop(stop: Stop): Outcome {
  return without(stop.reason, stop.message, stop.exitCode(undefined));
}

function ofFailure(failure: AttemptFailed): Outcome {
  return without(failure.reason, failure.message, failure.exitCode);
}
