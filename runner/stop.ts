import { exitCodes } from './failure.ts';
import { exitCodeOf } from './process-group.ts';
import { durationText } from './quantity.ts';

/** Why an attempt, or all of them, must end before the script has: the reason with which abort signals abort. */
export class Stop extends Error {
  readonly reason: 'AttemptTimeout' | 'DeadlineExceeded' | 'Terminated';
  /** What the script gets first. */
  readonly signal: NodeJS.Signals;

  private constructor(reason: Stop['reason'], message: string, signal: NodeJS.Signals = 'SIGTERM') {
    super(message);
    this.name = 'Stop';
    this.reason = reason;
    this.signal = signal;
  }

  static attemptTimeout(ms: number): Stop {
    return new Stop(
      'AttemptTimeout',
      `not done within ${durationText(ms)} (attemptTimeout, --attempt-timeout)`,
    );
  }

  static deadline(limit: string): Stop {
    return new Stop('DeadlineExceeded', `the overall limit (${limit}) is over`);
  }

  static terminated(signal: NodeJS.Signals): Stop {
    return new Stop('Terminated', `ended by ${signal}`, signal);
  }

  /** What the container exits with: for a signal, the code of a script that ended with one of its own. */
  exitCode(ofScript: number | undefined): number {
    if (this.reason !== 'Terminated') return exitCodes.timeout;
    return ofScript === undefined || ofScript === 0 ? exitCodeOf(this.signal) : ofScript;
  }
}

/** The reason with which a signal was aborted, if it was. */
export function stopOf(signal: AbortSignal): Stop | undefined {
  const reason: unknown = signal.reason;
  return reason instanceof Stop ? reason : undefined;
}
