/**
 * The exit codes of a container that was ended from outside or never began: the container runtime could not start it (128), the
 * kernel killed it, most often for memory (137), its node was restarted (255). Sluice's runner never exits with them.
 */
export const lostExitCodes = [128, 137, 255] as const;

/** Whether a run with this exit code says nothing about the function itself. */
export function isLostRun({ exitCode }: { readonly exitCode?: number }): boolean {
  return lostExitCodes.some((code) => code === exitCode);
}
