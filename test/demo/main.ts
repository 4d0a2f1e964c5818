import { once } from 'node:events';
import { demoOptions, type DemoOptions } from './options.ts';
import { type Claim, saysWords } from './expectations.ts';
import { manifestsIn } from './manifests.ts';
import { servePrometheus } from './prometheus.ts';
import { playDirectory, playFailingVersion, playFirstVersion, type Stage } from './scenario.ts';
import { Screen } from '../../src/cli/status/screen.ts';
import { endOfLog, runSluice } from '../support/cluster/sluice-process.ts';
import { type Running, startEverything } from './start.ts';
import { failure } from './scenario.ts';

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
  // First, because it is the one thing that somebody else may have taken.
  await using prometheus = await servePrometheus({
    ...options.metricsListen,
    value: options.metricsValue,
  });
  screen.say(
    `Prometheus-compatible endpoint at ${prometheus.url}: every query gives ${options.metricsValue}.`,
  );
  await using running = await startEverything({ screen, signal, sample: options.app.length === 0 });
  const stage: Stage = { screen, cluster: running.cluster, signal, timeoutMs: options.timeoutMs };
  const good = await Promise.race([
    play(stage, options, { running, metricsUrl: prometheus.url }),
    sluiceEnded(running),
  ]);
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

async function play(
  stage: Stage,
  { app }: DemoOptions,
  { running, metricsUrl }: { readonly running: Running; readonly metricsUrl: string },
): Promise<boolean> {
  if (app.length > 0) {
    let good = true;
    for (const directory of app) good = judged(await playDirectory(stage, directory)) && good;
    return good;
  }
  // What comes next is told of a shop that runs.
  if (!judged(await playFirstVersion(stage, metricsUrl))) return false;
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

async function sluiceEnded({ sluice }: Running): Promise<never> {
  const how = await sluice.ended;
  throw new Error(`Sluice ended by itself (${how}):\n${await endOfLog(sluice.logFile)}`);
}

function tellHowToLookAround({ kubeconfig, sluice }: Running): void {
  screen.say('Everything goes on running. To look around:');
  screen.sayAsIs(`  export KUBECONFIG=${kubeconfig}`);
  screen.sayAsIs('  kubectl get keptnappversions,keptnworkloadversions,pods -A');
  screen.say(`Sluice's log: ${sluice.logFile}`);
  screen.say(`To stop everything: Ctrl-C, or kill ${process.pid}.`);
}
