/** The name of the service account that runs everything. */
export const serviceAccountName = 'sluice';

/** The name of the one that runs admission alone and can only read. */
export const admissionAccountName = 'sluice-admission';

/** The user name that the API server states of an installation in this namespace. */
export function serviceAccountUser(namespace: string): string {
  return `system:serviceaccount:${namespace}:${serviceAccountName}`;
}
