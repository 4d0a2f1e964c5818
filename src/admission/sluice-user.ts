/** The name of the service account that runs everything; `sluice-admission` runs admission alone. */
export const serviceAccountName = 'sluice';

/** The user name that the API server states of an installation in this namespace. */
export function serviceAccountUser(namespace: string): string {
  return `system:serviceaccount:${namespace}:${serviceAccountName}`;
}
