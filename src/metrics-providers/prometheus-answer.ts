/** The provider answered, but not with one series of numbers. The message is what `status.errMsg` of the metric says. */
export class QueryFailed extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'QueryFailed';
  }
}

const longestError = 1024;

/**
 * The provider answered, and says itself that the answer is not complete. The number in it may be anything: it passes for no
 * value.
 */
export class PartialAnswer extends Error {
  constructor(warnings: string) {
    super(`the answer is partial, so its value does not count: ${warnings}`.slice(0, longestError));
    this.name = 'PartialAnswer';
  }
}

/** Answers whose status says something else and whose body still is one of the API's: bad query, and query not processed. */
const statusesWithBody = new Set([400, 422]);

/**
 * The samples of the one series in an answer of the Prometheus HTTP API, as the text they were sent in, oldest first.
 * Throws `QueryFailed` in Keptn's words when the query failed, or gave another type, no series, or more than one, and
 * `PartialAnswer` when it carries `warnings`, as Thanos does when it could not reach all stores.
 */
export function samplesIn(
  answer: { readonly status: number; readonly body: string },
  wanted: 'vector' | 'matrix',
): readonly string[] {
  const { status, body } = answer;
  if ((status < 200 || status > 299) && !statusesWithBody.has(status)) {
    throw new QueryFailed(
      status >= 400 && status < 500
        ? `client_error: client error: ${status}`
        : `server_error: server error: ${status}`,
    );
  }
  const content = record(parsed(body));
  if (content?.['status'] !== 'success') {
    throw new QueryFailed(errorIn(content));
  }
  const warnings = warningsIn(content);
  if (warnings !== undefined) throw new PartialAnswer(warnings);
  const data = record(content['data']);
  const { resultType, result } = { resultType: data?.['resultType'], result: data?.['result'] };
  if (resultType !== wanted || !Array.isArray(result)) {
    throw new QueryFailed('could not cast result');
  }
  if (result.length > 1) throw new QueryFailed('too many values in query result');
  const series = record(result[0]);
  const points: unknown = wanted === 'vector' ? [series?.['value']] : series?.['values'];
  const samples = Array.isArray(points)
    ? points.map(sampleOf).filter((one) => one !== undefined)
    : [];
  if (samples.length === 0) throw new QueryFailed('no values in query result');
  return samples;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    // The body is not repeated: it may come from something that is no Prometheus, and the error is public.
    throw new QueryFailed('bad_response: the answer is not JSON', { cause: error });
  }
}

function errorIn(content: Readonly<Record<string, unknown>> | undefined): string {
  const { errorType, error } = { errorType: content?.['errorType'], error: content?.['error'] };
  if (typeof errorType !== 'string' || typeof error !== 'string') {
    return 'bad_response: the answer is not one of the Prometheus API';
  }
  return `${errorType}: ${error}`.slice(0, longestError);
}

/** The warnings as one line; undefined without any. What is no list of texts is a warning, too. */
function warningsIn(content: Readonly<Record<string, unknown>>): string | undefined {
  const { warnings } = { warnings: content['warnings'] };
  if (warnings === undefined || warnings === null || warnings === '') return undefined;
  if (!Array.isArray(warnings)) return JSON.stringify(warnings);
  const texts = warnings.map((each: unknown) =>
    typeof each === 'string' ? each : JSON.stringify(each),
  );
  return texts.length === 0 ? undefined : texts.join('; ');
}

/** A point is `[time, "value"]`. */
function sampleOf(point: unknown): string | undefined {
  const value: unknown = Array.isArray(point) ? point[1] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
