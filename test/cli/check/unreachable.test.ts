import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sluice } from '../../support/cluster/command-line.ts';

const kubeconfig = `
apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: a, user: {token: t}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`;

test.each([[], ['--pre']])(
  'sluice check %j says once that the API server cannot be reached, and ends with 1',
  async (...more: readonly string[]) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-check-'));
    try {
      const file = join(folder, 'config');
      await writeFile(file, kubeconfig);
      const { exitCode, output } = await sluice(['check', '--kubeconfig', file, ...more]);
      expect(exitCode).toBe(1);
      expect(output.match(/cannot be reached/gu)).toHaveLength(1);
      expect(output).toContain('look at the connection');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
