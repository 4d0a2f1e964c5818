import type { Kind, KubernetesObject } from './object.ts';

/** A Secret; the values of `data` are base64. */
export interface Secret extends KubernetesObject {
  type?: string;
  data?: Record<string, string>;
}

export const SecretKind: Kind<Secret> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};

/** The Secret that Sluice keeps its certificates in, unless a setting names another one. */
export const certificateSecretName = 'sluice-certificates';

/** The same objects of which only the identity is asked for: enough to learn that one changed. */
export const SecretMetadataKind: Kind = { ...SecretKind, view: 'metadata' };
