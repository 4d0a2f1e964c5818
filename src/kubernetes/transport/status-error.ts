import { ClusterError } from '../../api/cluster-error.ts';
import {
  isRawObject,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  type RawObject,
} from '../wire/raw-json.ts';
import { defined } from '../../api/json.ts';

// metav1.StatusReason by HTTP status, for answers that are no metav1.Status: a proxy's page, an empty body.
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** What an answer says beside its body. */
export interface AnswerHeaders {
  readonly retryAfter?: string | undefined;
  /** `Audit-Id`, which the API server sets on every answer of its own. */
  readonly auditId?: string | undefined;
}

/**
 * The error for an answer that was not a success. The server's own reason and message where the body is a metav1.Status,
 * else what the HTTP status says; a body that is something else is never repeated.
 *
 * A 404 means that something does not exist only if the API server says so: by a Status with the reason NotFound, or, for a kind it
 * does not serve, by a page under an audit id. Any other comes from something in between (a proxy that restarts), and is no answer.
 */
export function errorOfAnswer(
  code: number,
  body: string,
  { retryAfter, auditId }: AnswerHeaders = {},
): ClusterError {
  const status = statusIn(body);
  const stated = textOf(status?.['reason']);
  const isAbsence = stated === 'NotFound' || (status === undefined && auditId !== undefined);
  if (code === 404 && !isAbsence) {
    return unavailable('HTTP 404 that is not from the API server: something in between answered');
  }
  const reason = stated || (reasons[code] ?? 'Unknown');
  const message = textOf(status?.['message']) || `HTTP ${code} without a metav1.Status`;
  const retryAfterMs = secondsToMs(
    retryAfter ?? numberOf(objectOf(status?.['details'])['retryAfterSeconds']),
  );
  const causes = objectsOf(objectOf(status?.['details'])['causes']).flatMap(
    (cause) => textOf(cause['reason']) ?? [],
  );
  return new ClusterError({
    code,
    reason,
    message,
    ...defined({ retryAfterMs }),
    ...(causes.length > 0 && { causes }),
  });
}

/** The error for an ERROR event of a watch, whose object is a metav1.Status; 500 if it names no code. */
export function errorOfStatus(status: RawObject): ClusterError {
  const code = numberOf(status['code']) ?? 500;
  return errorOfAnswer(code, JSON.stringify({ ...status, kind: 'Status' }));
}

/** The error for no answer at all, or one that is no answer of an API server: code 0, reason `Unavailable`. */
export function unavailable(message: string, cause?: unknown): ClusterError {
  return new ClusterError(
    { code: 0, reason: 'Unavailable', message },
    cause === undefined ? undefined : { cause },
  );
}

/**
 * Parses what an API server answered. A page of HTML comes from something in between and is no answer. The parser's own error
 * quotes the text, which may be anything, so it is not passed on.
 */
export function parseAnswer(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw unavailable('the answer is not JSON');
  }
}

function statusIn(body: string): RawObject | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRawObject(parsed) && parsed['kind'] === 'Status' ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function secondsToMs(seconds: string | number | undefined): number | undefined {
  const value = Number(seconds ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? value * 1000 : undefined;
}
