import type { FastifyInstance } from 'fastify';

/** One thing that must be so for the process to answer reviews. */
export interface ReadinessCheck {
  readonly name: string;
  /** What is missing, as a sentence; undefined when nothing is. */
  problem(): string | undefined;
  /** What is worth knowing although the process is ready. */
  detail?(): string | undefined;
}

/**
 * `/livez` (and Keptn's `/healthz`): the process answers. `/readyz`: it can judge reviews; if it cannot, or not well, the body says why, one line per check,
 * in the form of the API server's own probes.
 */
export function addHealthRoutes(app: FastifyInstance, checks: readonly ReadinessCheck[]): void {
  // `/healthz` is what Keptn's Deployment is probed by, and values files carry probes along.
  for (const path of ['/livez', '/healthz']) {
    app.get(path, (_request, reply) => reply.type('text/plain').send('ok\n'));
  }
  app.get('/readyz', (_request, reply) => {
    const results = checks.map((check) => ({
      name: check.name,
      problem: check.problem(),
      detail: check.detail?.(),
    }));
    const isReady = results.every(({ problem }) => problem === undefined);
    const lines = results.map(({ name, problem, detail }) => {
      if (problem !== undefined) return `[-] ${name}: ${problem}`;
      return detail === undefined ? `[+] ${name} ok` : `[+] ${name} ok: ${detail}`;
    });
    return reply
      .code(isReady ? 200 : 503)
      .type('text/plain')
      .send(`${[...lines, isReady ? 'ready' : 'not ready'].join('\n')}\n`);
  });
}
