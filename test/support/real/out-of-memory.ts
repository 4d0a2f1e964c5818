/**
 * A program for Node in a container beside its first process: it fills the container's memory with many small processes, so that the kernel
 * ends the largest one, which is the first process.
 */
const fill = `
const { spawn } = require('node:child_process');
const child = 'globalThis.held = Buffer.alloc(40e6, 1); setInterval(() => {}, 1000)';
const children = [];
for (let at = 0; at < 12; at += 1)
  children.push(spawn(process.execPath, ['--max-old-space-size=16', '--max-semi-space-size=1', '-e', child], { stdio: 'ignore' }));
setTimeout(() => { for (const one of children) one.kill('SIGKILL'); process.exit(0); }, 20000);
`;

/** The command that is to be run in the container. */
export const fillMemory: readonly string[] = ['/usr/bin/node', '-e', fill];
