import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { PodKind } from '../../../src/api/builtin.ts';
import { fieldOf } from '../../../src/api/json.ts';
import { issueAuthority, issueLeaf } from '../../../src/certificates/issue.ts';
import { freePorts } from '../../control-plane/ports.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import { mustRunHelm } from './chart.ts';
import { keptnNamespace, writeKeptnChart } from './keptn-chart.ts';
import type { TestCluster } from './test-cluster.ts';

const dayMs = 86_400_000;
const gate = { name: 'keptn-prechecks-gate' };

/**
 * A Keptn as far as others see it: installed by Helm, with the objects of its chart, and a process that answers its webhooks for as
 * long as the Deployment of its operator has a Pod. It holds Pods and never lets one go.
 */
export class KeptnStandIn implements AsyncDisposable {
  /** Reviews of Pods that it has answered. */
  answered = 0;
  /** Reviews of conversions that it has answered. */
  converted = 0;
  readonly #cluster: TestCluster;
  readonly #directory: string;
  readonly #pair: { readonly cert: string; readonly key: string };
  readonly #port: number;
  #server: Server | undefined;
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();

  private constructor(
    cluster: TestCluster,
    made: { directory: string; pair: { cert: string; key: string }; port: number },
  ) {
    this.#cluster = cluster;
    this.#directory = made.directory;
    this.#pair = made.pair;
    this.#port = made.port;
  }

  /** Installs it with Helm and resolves when it answers. */
  static async installed(cluster: TestCluster, values: object = {}): Promise<KeptnStandIn> {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-keptn-'));
    const now = Date.now();
    const validity = { validFrom: now - dayMs, validUntil: now + 30 * dayMs };
    const authority = await issueAuthority(validity);
    const pair = await issueLeaf(authority, { ...validity, hosts: ['127.0.0.1'] });
    const { server: port } = await freePorts();
    const standIn = new KeptnStandIn(cluster, { directory, pair, port });
    const url = `https://127.0.0.1:${port}`;
    const chart = await writeKeptnChart(directory, { url, ca: authority.cert });
    await standIn.#listen();
    await mustRunHelm(
      [
        'install',
        'keptn',
        chart,
        ...standIn.helm,
        '--create-namespace',
        '--take-ownership',
        '--values',
        '-',
      ],
      { stdin: JSON.stringify(values) },
    );
    await eventually('the operator of Keptn has a Pod', async () => (await standIn.#pods()) > 0);
    standIn.#following = standIn.#follow();
    return standIn;
  }

  /** For further Helm commands on this cluster: namespace and kubeconfig. */
  get helm(): readonly string[] {
    return ['--namespace', keptnNamespace, '--kubeconfig', this.#cluster.controlPlane.kubeconfig];
  }

  get isAnswering(): boolean {
    return this.#server !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
    await this.#close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const count = await this.#pods().catch(() => undefined);
      if (count === 0) await this.#close();
      else if (count !== undefined && this.#server === undefined) await this.#listen();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async #pods(): Promise<number> {
    const labelSelector = 'control-plane=lifecycle-operator';
    return (await this.#cluster.list(PodKind, { namespace: keptnNamespace, labelSelector })).length;
  }

  async #listen(): Promise<void> {
    this.#server = createServer(this.#pair, (request, response) => {
      void json(request).then((review) => {
        const isPods = request.url?.startsWith('/mutate-v1-pod') === true;
        if (isPods) this.answered += 1;
        response.setHeader('content-type', 'application/json');
        const isConversion = request.url?.startsWith('/convert') === true;
        if (isConversion) this.converted += 1;
        const answer = isConversion ? conversionOf(review) : answerTo(review, isPods);
        response.end(JSON.stringify(answer));
      });
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

/** Its converter, which is as forgetful as Keptn's: the lists of checks of an old KeptnApp do not come to the present version. */
function conversionOf(review: unknown): object {
  const request = fieldOf(review, 'request');
  const apiVersion = fieldOf(request, 'desiredAPIVersion');
  const objects = fieldOf(request, 'objects');
  const convertedObjects = (Array.isArray(objects) ? objects : []).map((object: unknown) => ({
    ...Object(object),
    apiVersion,
    ...(fieldOf(object, 'kind') === 'KeptnApp' && { spec: withoutChecks(fieldOf(object, 'spec')) }),
  }));
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    response: {
      uid: fieldOf(request, 'uid'),
      result: { status: 'Success' },
      convertedObjects,
    },
  };
}

function withoutChecks(spec: unknown): object {
  const entries = Object.entries(Object(spec));
  return Object.fromEntries(entries.filter(([key]) => !/Tasks$|Evaluations$/u.test(key)));
}

/** Its verdict: annotated Pods that are made are held, and everything else passes. */
function answerTo(review: unknown, isPods: boolean): object {
  const request = fieldOf(review, 'request');
  const pod = fieldOf(request, 'object');
  const annotations = fieldOf(fieldOf(pod, 'metadata'), 'annotations');
  const isHeld =
    isPods &&
    fieldOf(request, 'operation') === 'CREATE' &&
    fieldOf(annotations, 'keptn.sh/workload') !== undefined;
  const patch = [{ op: 'add', path: '/spec/schedulingGates', value: [gate] }];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: fieldOf(request, 'uid'),
      allowed: true,
      ...(isHeld && {
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
      }),
    },
  };
}
