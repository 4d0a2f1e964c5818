import { once } from 'node:events';
import { demoOptions, type DemoOptions } from './options.ts';
import { type Claim, saysWords } from './expectations.ts';
import { manifestsIn } from './manifests.ts';
import { servePrometheus } from './prometheus.ts';
import { playDirectory, playFailingVersion, playFirstVersion, type Stage } from './scenario.ts';
import { Screen } from '../../src/cli/status/screen.ts';
import { runSluice } from '../support/cluster/sluice-process.ts';
import { type Running, startEverything } from './start.ts';
import { failure } from './scenario.ts';
import { startOnRealNode } from './start-real.ts';

const screen = new Screen(process.stdout, process.stdout.isTTY && !process.env['NO_COLOR']);
const stopped = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second signal ends the process at once, and what it started ends with it.
  process.once(name, () => {
    screen.say('Ending everything.');
    stopped.abort();
  });
}

try {
  process.exitCode = (await demo(demoOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  screen.keep();
  if (stopped.signal.aborted) {
    process.exitCode = 130;
  } else {
    screen.say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** Starts everything, plays, says what held, and ends everything. Answers whether all was as it should be. */
async function demo(options: DemoOptions): Promise<boolean> {
  const { signal } = stopped;
  // A slip in a path is told before anything is started.
  for (const directory of options.app) await manifestsIn(directory);
  await using running = await (options.real ? onRealNode(options) : onPlayedNodes(options));
  const { cluster, asItRunsHere } = running;
  const stage: Stage = { screen, cluster, signal, timeoutMs: options.timeoutMs, asItRunsHere };
  const good = await Promise.race([play(stage, options, running), running.ended]);
  screen.say(
    good
      ? 'All of it is what should have happened.'
      : 'Not all of it is what should have happened: see the lines marked NOT SO.',
  );
  if (options.keep && !signal.aborted) {
    tellHowToLookAround(running);
    await once(signal, 'abort');
  }
  return good;
}

/** What plays, and the Prometheus-compatible endpoint that it can ask. */
type Playing = Running & { readonly metricsUrl: string };

async function onPlayedNodes(options: DemoOptions): Promise<Playing> {
  await using started = new AsyncDisposableStack();
  // First, because it is the one thing that somebody else may have taken.
  const { metricsListen, metricsValue: value, app } = options;
  const { url } = started.use(await servePrometheus({ ...metricsListen, value }));
  sayEndpoint(url, value);
  const sample = app.length === 0;
  const running = started.use(await startEverything({ screen, signal: stopped.signal, sample }));
  const whole = started.move();
  return { ...running, metricsUrl: url, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

async function onRealNode(options: DemoOptions): Promise<Playing> {
  const { metricsValue, image: images, app } = options;
  const sample = app.length === 0;
  const running = await startOnRealNode({ screen, images, metricsValue, sample });
  sayEndpoint(running.metricsUrl, metricsValue);
  return running;
}

function sayEndpoint(url: string, value: number): void {
  screen.say(`Prometheus-compatible endpoint at ${url}: every query gives ${value}.`);
}

async function play(stage: Stage, { app }: DemoOptions, running: Playing): Promise<boolean> {
  if (app.length > 0) {
    let good = true;
    for (const directory of app) good = judged(await playDirectory(stage, directory)) && good;
    return good;
  }
  // What comes next is told of a shop that runs.
  if (!judged(await playFirstVersion(stage, running.metricsUrl))) return false;
  const { claims, heldPod } = await playFailingVersion(stage);
  const asked = [
    'explain',
    `pod/${heldPod}`,
    '--namespace',
    'shop',
    '--kubeconfig',
    running.kubeconfig,
  ];
  screen.say(`What "sluice explain pod/${heldPod} -n shop" says:`);
  const { exitCode, output } = await runSluice(asked, process.stdout.columns ?? 120);
  screen.sayAsIs(output.trimEnd());
  // What is explained has failed, and the exit code says so.
  const explained = exitCode === 1 && saysWords(output, failure.because);
  const says = 'sluice explain leads to the words of the failed task';
  return judged([...claims, { says, holds: explained }]);
}

/** Prints the claims; true if all hold. */
function judged(claims: readonly Claim[]): boolean {
  for (const { says, holds } of claims) screen.say(`${holds ? '✔' : '✖ NOT SO:'} ${says}`);
  return claims.every(({ holds }) => holds);
}

function tellHowToLookAround({ kubeconfig, log }: Running): void {
  screen.say('Everything goes on running. To look around:');
  screen.sayAsIs(`  export KUBECONFIG=${kubeconfig}`);
  screen.sayAsIs('  kubectl get keptnappversions,keptnworkloadversions,pods -A');
  screen.say(`Sluice's log: ${log}`);
  screen.say(`To stop everything: Ctrl-C, or kill ${process.pid}.`);
}
