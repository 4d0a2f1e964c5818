/** What was found in the cluster, or why it could not be looked at. */
export type Seen<T> =
  | { readonly is: 'found'; readonly value: T }
  | { readonly is: 'absent' }
  | { readonly is: 'unreadable'; readonly why: string };

/** A CustomResourceDefinition: what it has to serve, and what it does. */
export interface CrdSeen {
  readonly name: string;
  readonly wanted: readonly string[];
  readonly found: Seen<{
    readonly served: readonly string[];
    /** Versions in which objects may be stored. */
    readonly stored: readonly string[];
    readonly isEstablished: boolean;
  }>;
}

/** One webhook of a configuration. */
export interface WebhookSeen {
  readonly name: string;
  readonly configuration: string;
  readonly wantedPolicy: string;
  readonly found: Seen<{
    readonly failurePolicy: string;
    /** PEM; empty where there is none. */
    readonly caBundle: string;
    /** `https://host:port` or `Service namespace/name`. */
    readonly target: string;
  }>;
}

/** A policy or its binding. */
export interface PolicySeen {
  /** ValidatingAdmissionPolicy, MutatingAdmissionPolicy, or one of their bindings. */
  readonly kind: string;
  readonly name: string;
  /** Of a binding: what it has to do with what the policy refuses (Deny, Warn). */
  readonly wantedActions: readonly string[];
  /** Of a binding: what it does. */
  readonly found: Seen<{ readonly actions: readonly string[] }>;
}

/** A right that Sluice needs. */
export interface RightSeen {
  readonly verb: string;
  /** `pods`, or `keptntasks.lifecycle.keptn.sh/status`. */
  readonly resource: string;
  /** Undefined for the whole cluster. */
  readonly namespace?: string | undefined;
  readonly allowed: Seen<boolean>;
}

/** A certificate by its dates, in milliseconds since the epoch. */
export interface CertificateSeen {
  readonly subject: string;
  readonly from: number;
  readonly until: number;
}

/** What a connection to the address of the webhooks showed; of a Sluice outside the cluster alone. */
export interface ServedSeen {
  readonly address: string;
  readonly found: Seen<{
    readonly certificate: CertificateSeen;
    /** Why a client that trusts the caBundle refuses it; undefined if it does not. */
    readonly refused: string | undefined;
  }>;
}

/** The Lease, and what time it is: on this machine and on the API server, asked at the same moment. */
export interface LeaderSeen {
  readonly name: string;
  readonly lease: Seen<{
    readonly holder: string;
    readonly renewedAt: number;
    readonly acquiredAt: number;
    readonly leaseMs: number;
  }>;
}

export interface ClockSeen {
  readonly here: number;
  /** The API server tells its time in whole seconds. */
  readonly server: Seen<number>;
}

/** One Pod of Sluice. */
export interface ReplicaSeen {
  readonly name: string;
  readonly isReady: boolean;
  /** Why it is not, as far as its status says. */
  readonly why: string;
  readonly restarts: number;
  /** The first line of what it serves at /metrics, if it has a port for them. */
  readonly metrics: Seen<string>;
}

/** A held Pod. */
export interface HeldSeen {
  readonly name: string;
  readonly namespace: string;
  readonly createdAt: number;
  readonly explanation: string;
}

/** Pods of one owner that run unjudged. */
export interface BypassedSeen {
  readonly namespace: string;
  readonly pods: readonly string[];
}

/** A Namespace that is opted in. */
export interface NamespaceSeen {
  readonly name: string;
  /** Whether the label is there by which the API server sends its Pods. */
  readonly isLabelled: boolean;
  /** Whether the installation leaves it out by name, so that none of its Pods is held. */
  readonly isExcluded?: boolean;
}
