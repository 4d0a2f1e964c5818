import { servePrometheus } from './prometheus.ts';

/** The demo's Prometheus-compatible endpoint as a process of its own: `node prometheus-inside.ts HOST VALUE`. Prints its URL. */
const [host = '', value = ''] = process.argv.slice(2);
const { url } = await servePrometheus({ host, port: 9090, value: Number(value) });
process.stdout.write(`${url}\n`);
