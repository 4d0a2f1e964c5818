import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** What the program loads, as Node tells it of every module. */

const root = new URL('../..', import.meta.url).pathname;

const tellWhatIsLoaded = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  import { writeSync } from 'node:fs';
  registerHooks({
    load(url, context, next) {
      writeSync(2, 'loaded ' + url + '\\n');
      return next(url, context);
    },
  });
`)}`;

async function modulesLoaded(env: Record<string, string>): Promise<readonly string[]> {
  const args = ['--import', tellWhatIsLoaded, 'src/main.ts', 'run', '--check'];
  const options = { cwd: root, env: { PATH: process.env['PATH'], ...env }, maxBuffer: 2 ** 26 };
  const { stderr } = await promisify(execFile)(process.execPath, args, options);
  return stderr.split('\n').filter((line) => line.startsWith('loaded '));
}

const ofTraces = (modules: readonly string[]) =>
  modules.filter((url) => /@opentelemetry|@grpc|otlp-(?:exporter|grpc|http)/u.test(url));

test(
  'without a collector nothing of OpenTelemetry and gRPC is loaded',
  { timeout: 60_000 },
  async () => {
    const modules = await modulesLoaded({});
    expect(modules.length).toBeGreaterThan(100);
    expect(ofTraces(modules)).toEqual([]);
  },
);

test.each([
  ['collector:4317', /@grpc\/grpc-js/u],
  ['http://collector:4318', /otlp-http/u],
])(
  'with the collector %s, what sends there loads under plain Node',
  { timeout: 60_000 },
  async (address, needed) => {
    const modules = ofTraces(await modulesLoaded({ OTEL_EXPORTER_OTLP_ENDPOINT: address }));
    expect(modules.join('\n')).toMatch(/@opentelemetry\/otlp-transformer/u);
    expect(modules.join('\n')).toMatch(needed);
    const isGrpc = modules.some((url) => url.includes('@grpc'));
    expect(isGrpc).toBe(address === 'collector:4317');
  },
);
