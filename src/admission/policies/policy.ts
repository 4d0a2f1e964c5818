import type { AdmissionSettings, LabelSelector } from '../registry.ts';

/** What differs from installation to installation beside what admission has to know. */
export type PolicySettings = AdmissionSettings & {
  /**
   * The user names that Sluice works under, as the API server states them. It is known by name and by nothing that an object
   * says of itself.
   */
  readonly users: readonly string[];
  /** Whether those who write definitions, tasks and providers are asked for the rights these would lend them. */
  readonly requesterChecks: boolean;
  /** The Secret that Sluice keeps its certificates in; its usual name if not given. */
  readonly certificateSecret?: string;
  /** Whether Released versions start while no Sluice answers (and nothing else does); otherwise nothing that asks for checks does. */
  readonly backstop?: boolean;
  /** Whether the API server adds the gate by itself (Kubernetes 1.36), where `backstop` is set, too. */
  readonly gatesByPolicy?: boolean;
};

/** A named CEL expression: a match condition (all have to hold), or a variable that other expressions may use. */
export interface Expression {
  readonly name: string;
  readonly expression: string;
}

/** One thing that has to be true, and what is said if it is not: `messageExpression` if it can be evaluated, else `message`. */
export interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly messageExpression?: string;
  /** HTTP 403 or 422. */
  readonly reason: 'Forbidden' | 'Invalid';
}

/** Which requests a policy is asked about. */
export interface ResourceRule {
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
}

/** A policy as its file says it. */
export interface PolicyDefinition {
  readonly name: string;
  /** Denies, also when it cannot be evaluated, unless it is there to warn alone. */
  readonly action?: 'Warn';
  readonly rules: readonly ResourceRule[];
  readonly namespaceSelector?: LabelSelector;
  readonly matchConditions: readonly Expression[];
  readonly variables?: readonly Expression[];
  readonly validations: readonly Validation[];
  /** The kind of object that its expressions know as `params`. */
  readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
  /** Where and with which object it holds; everywhere and without one if not given. */
  readonly bindings?: readonly PolicyBinding[];
}

/** One of several bindings of a policy. */
export interface PolicyBinding {
  /** Set before the name of the policy. */
  readonly where: string;
  readonly paramRef?: { readonly name: string; readonly parameterNotFoundAction: 'Deny' };
  readonly namespaceSelector: LabelSelector;
}

export const policyVersion = 'admissionregistration.k8s.io/v1';
const apiVersion = policyVersion;
const labels = { 'app.kubernetes.io/part-of': 'keptn' };

/** An object of an installation with the fields behind its metadata. */
export type PolicyObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: Readonly<Record<string, unknown>>;
};

/** The ValidatingAdmissionPolicy and the binding that makes it deny, or warn. */
export function policyObjects(definition: PolicyDefinition): readonly PolicyObject[] {
  const { action = 'Deny' } = definition;
  const { name, rules, namespaceSelector, matchConditions, variables, validations } = definition;
  const policy = {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name, labels },
    spec: {
      ...(definition.paramKind && { paramKind: definition.paramKind }),
      failurePolicy: action === 'Deny' ? 'Fail' : 'Ignore',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        ...(namespaceSelector && { namespaceSelector }),
        resourceRules: rules,
      },
      matchConditions,
      ...(variables && { variables }),
      validations,
    },
  };
  const binding = (prefix: string, scope: object) => ({
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: prefix + name, labels },
    spec: { policyName: name, validationActions: [action], ...scope },
  });
  const bindings = definition.bindings?.map(({ where, paramRef, namespaceSelector: selected }) =>
    binding(`${where}.`, {
      ...(paramRef && { paramRef }),
      matchResources: { namespaceSelector: selected },
    }),
  );
  return [policy, ...(bindings ?? [binding('', {})])];
}
