import { parserOf, type Parser } from './parse.ts';
import { bool, list, mapOf, object, oneOf, optional, text, typed, type Static } from './schema.ts';

/** AdmissionReview of admission.k8s.io/v1: what the API server asks a webhook, and what it wants to hear. */

export const reviewApiVersion = 'admission.k8s.io/v1';

/** Characters of a DNS subdomain, as names of objects and groups are, and of a DNS label, as all the others are. */
const subdomain = { maxLength: 253 };
const label = { maxLength: 63 };

const groupVersionKind = object('', {
  group: text('', subdomain),
  version: text('', label),
  kind: text('', label),
});
const groupVersionResource = object('', {
  group: text('', subdomain),
  version: text('', label),
  resource: text('', label),
});

// Objects stay unknown: each handler parses the kind it judges.
const anything = typed<unknown>({});

const admissionRequest = object('', {
  uid: text('', { minLength: 1 }),
  kind: groupVersionKind,
  resource: groupVersionResource,
  subResource: optional(text('')),
  requestKind: optional(groupVersionKind),
  requestResource: optional(groupVersionResource),
  requestSubResource: optional(text('')),
  name: optional(text('', subdomain)),
  namespace: optional(text('', label)),
  operation: oneOf('', ['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
  userInfo: object('', {
    username: optional(text('')),
    uid: optional(text('')),
    groups: optional(list('', text(''))),
    extra: optional(mapOf('', list('', text('')))),
  }),
  object: optional(anything),
  oldObject: optional(anything),
  dryRun: optional(bool('')),
  options: optional(anything),
});

const admissionReview = object('', {
  apiVersion: oneOf('', [reviewApiVersion]),
  kind: oneOf('', ['AdmissionReview']),
  request: admissionRequest,
});

export type AdmissionRequest = Static<typeof admissionRequest>;

/** The question: the envelope with its request. */
export type AdmissionReview = Static<typeof admissionReview>;

/** The verdict in the form the API server reads; `status.message` is shown to the user. */
export interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  status?: {
    code: number;
    message: string;
    reason?: string;
    /** What was refused, and which fields are to blame: for programs, and what kubectl prints. */
    details?: {
      group: string;
      kind: string;
      name?: string;
      causes: { reason: string; field: string; message: string }[];
    };
  };
  patchType?: 'JSONPatch';
  /** The JSON patch (RFC 6902), in base64. */
  patch?: string;
  /** Shown by kubectl. The API server cuts them off at 256 characters each, 4,096 in all. */
  warnings?: string[];
  auditAnnotations?: Record<string, string>;
}

/** The answer: the envelope with its response. */
export interface AdmissionReviewAnswer {
  apiVersion: typeof reviewApiVersion;
  kind: 'AdmissionReview';
  response: AdmissionResponse;
}

/** Judges the envelope only: what is wrong with it is the caller's fault (HTTP 400), never the reviewed object's. */
export const parseReview: Parser<AdmissionReview> = parserOf(admissionReview);
