import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { keptnAnnotations, schedulingGate } from '../../../src/api/keptn/annotations.ts';
import { answerMeasures, serverArgumentOfChild } from './server-measures.ts';

/**
 * The floor: a Node HTTPS server that parses the body and answers a constant patch, of the size that a usual Pod gets. What
 * the product takes beside it is the price of its own work.
 */
const { certFile, keyFile } = serverArgumentOfChild();

const patch = [
  { op: 'add', path: '/metadata/labels/sluice.keptn.sh~1watched', value: 'true' },
  {
    op: 'add',
    path: '/metadata/annotations/sluice.keptn.sh~1explanation',
    value: `held until its checks have passed; ${keptnAnnotations.workload} says which`,
  },
  { op: 'add', path: '/spec/schedulingGates', value: [{ name: schedulingGate }] },
];
const response = {
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
};

const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile) },
  (request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { apiVersion, kind, request: asked } = JSON.parse(Buffer.concat(chunks).toString());
      const body = JSON.stringify({ apiVersion, kind, response: { uid: asked.uid, ...response } });
      answer.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      answer.end(body);
    });
  },
);
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) answerMeasures(address.port);
});
