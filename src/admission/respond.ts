import { describeErrors } from '../api/parse.ts';
import {
  type AdmissionRequest,
  type AdmissionResponse,
  type AdmissionReviewAnswer,
  parseReview,
} from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import type { Webhook } from './registry.ts';
import { allow, type Verdict } from './verdict.ts';
import { defined } from '../api/json.ts';

/** What was sent is no review, or one that this webhook is not for: the sender's fault (HTTP 400). */
export class BadReview extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'BadReview';
  }
}

/** What a handler may know beside the request. */
export interface Context {
  readonly lookup: Lookup;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Hears of each request that was answered. */
  answered?(request: AdmissionRequest, answer: AdmissionReviewAnswer): void;
}

/**
 * The answer to a review. Three things can be wrong, and each is reported to a different party: the envelope (`BadReview`,
 * to the sender), the object (a denial with code 422, to its author), and we ourselves (any other error; the API server
 * then applies the failure policy).
 */
export function respond(webhook: Webhook, body: unknown, context: Context): AdmissionReviewAnswer {
  const parsed = parseReview(body);
  if (!parsed.ok) throw new BadReview(`no AdmissionReview: ${describeErrors(parsed.errors)}`);
  const { apiVersion, kind, request } = parsed.value;
  const response = responseOf(request, verdictOn(request, webhook, context));
  const answer: AdmissionReviewAnswer = { apiVersion, kind, response };
  context.answered?.(request, answer);
  return answer;
}

function verdictOn(request: AdmissionRequest, webhook: Webhook, context: Context): Verdict {
  // Operations outside the registration: one that is too wide must not hold anything up.
  const isRegistered = webhook.operations.some((operation) => operation === request.operation);
  if (!isRegistered || (request.subResource ?? '') !== '') return allow();
  const { group, version, kind } = webhook.resource;
  const asked = request.kind;
  if (asked.group !== group || asked.version !== version || asked.kind !== kind) {
    throw new BadReview(
      `request.kind: ${webhook.path} reviews ${describeKind(webhook.resource)}, not ${describeKind(asked)}`,
    );
  }
  return webhook.handle(request, context.lookup, context.now);
}

function describeKind(of: { group: string; version: string; kind: string }): string {
  return `${of.group === '' ? '' : `${of.group}/`}${of.version} ${of.kind}`;
}

function responseOf(request: AdmissionRequest, verdict: Verdict): AdmissionResponse {
  const { uid } = request;
  if (verdict.type === 'denied') {
    const causes = verdict.causes.map(({ path, message }) => ({
      reason: 'FieldValueInvalid',
      field: path,
      message,
    }));
    const { message, warnings = [] } = verdict;
    return {
      uid,
      allowed: false,
      // kubectl leaves out the message where there are causes: what was refused must stand beside them.
      status: { code: 422, reason: 'Invalid', message, details: { ...described(request), causes } },
      ...(warnings.length > 0 && { warnings: [...warnings] }),
    };
  }
  const { patch, warnings } = verdict;
  return {
    uid,
    allowed: true,
    ...(patch.length > 0 && { patchType: 'JSONPatch', patch: base64(JSON.stringify(patch)) }),
    ...(warnings.length > 0 && { warnings: [...warnings] }),
  };
}

function described({ kind: { group, kind }, name }: AdmissionRequest) {
  return { group, kind, ...defined({ name }) };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
