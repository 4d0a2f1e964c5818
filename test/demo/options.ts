import { Command, InvalidArgumentError } from 'commander';
import { DurationInvalid, parseDuration } from '../../src/domain/go/duration.ts';

/** What the demo was asked to do. */
export interface DemoOptions {
  /** Directories of manifests, one after the other; none plays the sample shop. */
  readonly app: readonly string[];
  readonly metricsListen: { readonly host: string; readonly port: number };
  readonly metricsValue: number;
  readonly keep: boolean;
  /** On a real node, where containers run. */
  readonly real: boolean;
  /** Archives of images that the real node is to have. */
  readonly image: readonly string[];
  readonly timeoutMs: number;
}

const examples = `
Examples:
  npm run demo                                  the sample shop, twice: it succeeds, then fails
  npm run demo -- --app DIR                     your own manifests, until every version has ended
  npm run demo -- --app V1 --app V2             a version, then the next one
  npm run demo -- --app DIR --keep              and look around with kubectl afterwards
  npm run demo -- --real                        the same on a real node: Sluice in its image, containers that run
  npm run demo -- --real --app DIR --image A    with the images of an archive (docker save, podman save)`;

/** The demo's command line; `--help` and errors end the process as commander does. */
export function demoOptions(args: readonly string[]): DemoOptions {
  const command = new Command('npm run demo --')
    .description(
      'Shows Sluice on a real Kubernetes control plane on this machine: Pods are held, phases advance, Pods are released. ' +
        'Exit code 0 only if what was shown is what should have happened.',
    )
    .option(
      '--app <dir>',
      'apply the manifests of this directory instead of the sample; may be repeated',
      collect,
      [],
    )
    .option(
      '--metrics-listen <host:port>',
      'address of the Prometheus-compatible endpoint (default: 127.0.0.1:9090)',
      address,
    )
    .option('--metrics-value <number>', 'what the endpoint answers to every query', number, 8)
    .option(
      '--timeout <duration>',
      'time an application may take, such as 90s or 5m (default: 5m)',
      duration,
    )
    .option(
      '--real',
      'on a real node (containerd, kubelet): Sluice is installed by Helm, functions and containers run in their images. Linux, root',
      false,
    )
    .option(
      '--image <archive>',
      'with --real: an archive of images for the node, which can pull none; may be repeated',
      collect,
      [],
    )
    .option('--keep', 'leave everything running until Ctrl-C, and print the kubeconfig', false)
    .addHelpText('after', examples);
  const options = command.parse(args, { from: 'user' }).opts<{
    app: string[];
    metricsListen?: { host: string; port: number };
    metricsValue: number;
    timeout?: number;
    keep: boolean;
    real: boolean;
    image: string[];
  }>();
  const { timeout = 300_000, metricsListen = { host: '127.0.0.1', port: 9090 }, ...rest } = options;
  if (rest.image.length > 0 && !rest.real)
    command.error('error: --image is for the real node: add --real');
  return { ...rest, metricsListen, timeoutMs: timeout };
}

function collect(directory: string, so: string[]): string[] {
  return [...so, directory];
}

function address(text: string): { host: string; port: number } {
  const [, host = '', digits = ''] = /^(?:(.+):)?(\d{1,5})$/u.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535)
    throw new InvalidArgumentError('write HOST:PORT, such as 127.0.0.1:9191');
  return { host: host === '' ? '127.0.0.1' : host, port };
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError('write a number');
  return value;
}

function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DurationInvalid) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
