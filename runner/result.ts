import { Buffer } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode, messageOf } from './failure.ts';
import { sizeText } from './quantity.ts';

/** What a function left as its result. */
export type Result = { readonly json: string } | { readonly error: ResultError };

export interface ResultError {
  readonly reason: 'ResultInvalid' | 'ResultTooLarge';
  readonly message: string;
}

/** Half of the status file. */
const resultLimitBytes = 2_048;
// With white space it may be longer.
const fileLimitBytes = 65_536;

/** The JSON of a result file without white space, else as it was written; undefined if there is no file. */
export function resultIn(path: string): Result | undefined {
  const content = contentOf(path);
  if (content === undefined || 'error' in content) return content;
  const json = compact(content.text);
  if (json === undefined) {
    const start = content.text.slice(0, 200);
    return invalid(
      start.trim() === '' ? 'the result file is empty' : `the result is no JSON: ${start}`,
    );
  }
  return Buffer.byteLength(json) > resultLimitBytes ? tooLarge() : { json };
}

type Content = { readonly text: string } | { readonly error: ResultError };

function contentOf(path: string): Content | undefined {
  let file: number;
  try {
    // A link could lead anywhere, and a FIFO would be waited for.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    return invalid(`the result file cannot be read: ${messageOf(error)}`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return invalid('the result file is no plain file');
    if (stat.size > fileLimitBytes) return tooLarge();
    const bytes = Buffer.alloc(fileLimitBytes + 1);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    if (length > fileLimitBytes) return tooLarge();
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length)) };
  } catch (error) {
    return invalid(`the result file cannot be read: ${messageOf(error)}`);
  } finally {
    closeSync(file);
  }
}

/** Numbers keep their digits: what is embedded is the text, not what JavaScript makes of it. */
function compact(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  return text.replaceAll(
    /("(?:[^"\\]|\\.)*(?:"|\\?$))|\s+/gsu,
    (_, quoted?: string) => quoted ?? '',
  );
}

function invalid(message: string): { readonly error: ResultError } {
  return { error: { reason: 'ResultInvalid', message } };
}

function tooLarge(): { readonly error: ResultError } {
  const message = `the result is larger than ${sizeText(resultLimitBytes)}`;
  return { error: { reason: 'ResultTooLarge', message } };
}
