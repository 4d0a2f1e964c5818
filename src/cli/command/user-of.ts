import { fieldOf } from '../../api/json.ts';
import type { Kind } from '../../api/object.ts';
import type { Connection } from '../../kubernetes/connect.ts';

const SelfSubjectReviewKind: Kind = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
};

/** The name by which the API server knows the user of this connection. Rejects where it does not say. */
export async function userOf({ client }: Connection): Promise<string> {
  const { apiVersion, kind } = SelfSubjectReviewKind;
  const answer = await client.review(SelfSubjectReviewKind, {
    apiVersion,
    kind,
    metadata: { name: '' },
  });
  const name = fieldOf(fieldOf(fieldOf(answer, 'status'), 'userInfo'), 'username');
  if (typeof name !== 'string') {
    throw new Error(
      'the API server does not say who you are; name the user Sluice runs as: --user NAME',
    );
  }
  return name;
}
