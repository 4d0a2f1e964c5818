import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ConnectProxy } from '../api-server/connect-proxy.ts';
import { chartFolder, mustRunHelm } from '../cluster/chart.ts';
import { flags, mustRunSluice } from '../cluster/sluice-process.ts';

/** A registry of OCI artifacts that has the chart of this checkout, under the name of the host that really has it. */
export interface ChartRegistry extends AsyncDisposable {
  /** With these variables Helm comes here instead of going to that host. */
  readonly env: Readonly<Record<string, string>>;
  /** What it was asked for, such as `GET /v2/charts/sluice/tags/list`. */
  readonly asked: readonly string[];
}

/** Packs the chart as a release does, and serves it as `oci://HOST/REPOSITORY`. Helm reaches it through a proxy and trusts its certificate. */
export async function serveChart(host: string, repository: string): Promise<ChartRegistry> {
  await using started = new AsyncDisposableStack();
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-registry-'));
  started.defer(() => rmSync(scratch, { recursive: true, force: true }));
  await mustRunHelm(['package', chartFolder, '--destination', scratch]);
  await mustRunSluice(['certs', ...flags({ directory: scratch, host })]);
  const artifact = artifactOf(packageIn(scratch));
  const asked: string[] = [];
  const tls = {
    cert: readFileSync(join(scratch, 'tls.crt')),
    key: readFileSync(join(scratch, 'tls.key')),
  };
  const server = createServer(tls, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    respond(request, response, { repository, artifact });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening');
  const proxy = started.use(await ConnectProxy.to(address.port));
  const env = {
    HTTPS_PROXY: proxy.url,
    https_proxy: proxy.url,
    // The API server is on this machine, and not reached through proxies.
    NO_PROXY: '127.0.0.1,localhost',
    no_proxy: '127.0.0.1,localhost',
    SSL_CERT_FILE: join(scratch, 'ca.crt'),
  };
  const whole = started.move();
  return { env, asked, [Symbol.asyncDispose]: () => whole.disposeAsync() };
}

/** What a repository has: one manifest under one tag, and the blobs that it names. */
interface Artifact {
  readonly tag: string;
  readonly manifest: Blob;
  readonly blobs: readonly Blob[];
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly content: Buffer;
}

function packageIn(folder: string): Buffer {
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (name === undefined) throw new Error('helm package has written nothing');
  return readFileSync(join(folder, name));
}

/** The chart as `helm push` puts it into a registry. */
function artifactOf(archive: Buffer): Artifact {
  const metadata: { version: string } = parse(
    readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8'),
  );
  const config = blob('application/vnd.cncf.helm.config.v1+json', json(metadata));
  const layer = blob('application/vnd.cncf.helm.chart.content.v1.tar+gzip', archive);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: descriptor(config),
    layers: [descriptor(layer)],
  };
  return {
    tag: metadata.version,
    manifest: blob(mediaType, json(manifest)),
    blobs: [config, layer],
  };
}

function blob(mediaType: string, content: Buffer): Blob {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { mediaType, digest, content };
}

function descriptor({ mediaType, digest, content }: Blob) {
  return { mediaType, digest, size: content.length };
}

/** The part of the distribution specification that is needed to pull. */
function respond(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  { repository, artifact }: { readonly repository: string; readonly artifact: Artifact },
): void {
  const send = ({ mediaType, digest, content }: Blob): void => {
    response.writeHead(200, {
      'content-type': mediaType,
      'content-length': content.length,
      'docker-content-digest': digest,
    });
    response.end(method === 'HEAD' ? undefined : content);
  };
  const { tag, manifest, blobs } = artifact;
  const within = `/v2/${repository}/`;
  const path = url.startsWith(within) ? url.slice(within.length) : undefined;
  if (url === '/v2/') return send(blob('application/json', json({})));
  if (path?.startsWith('tags/list')) {
    return send(blob('application/json', json({ name: repository, tags: [tag] })));
  }
  const wanted = [manifest, ...blobs].find(({ digest }) => path?.endsWith(`/${digest}`) === true);
  if (wanted !== undefined) return send(wanted);
  if (path === `manifests/${tag}`) return send(manifest);
  response.writeHead(404).end();
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
