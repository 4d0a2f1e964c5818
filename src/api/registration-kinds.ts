import type { Kind } from './object.ts';

const registration = (kind: string, plural: string): Kind => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  plural,
  namespaced: false,
});

export const MutatingWebhookConfigurationKind = registration(
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
);

export const ValidatingWebhookConfigurationKind = registration(
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
);

export const CustomResourceDefinitionKind: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};
