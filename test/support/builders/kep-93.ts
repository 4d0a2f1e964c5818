/**
 * The two documents of KEP 93, its placeholders filled in and nothing else changed: the YAML is data of the proposal, and what
 * it says has to work as it stands.
 */
export const taskDefinitionInProposal = (onSuccess: string, onFailure: string): string => `
apiVersion: lifecycle.keptn.sh/v1alpha2
kind: KeptnTaskDefinition
metadata:
  name: promote-staging
spec:
  function:
    httpRef:
      url: https://raw.githubusercontent.com/keptn-contrib/klt-tasks/main/trigger-github-action/function.ts
    parameters:
      map:
        nextStage: staging
        username: thschue
        repository: easy-promotion-example
        job: promotion.yaml
        ref: main
    secureParameters:
      secret: github
  on-success: ${onSuccess}
  on-failure: ${onFailure}
`;

/** The query of the definition below; "should fail", its comment says. */
export const queryInProposal =
  "sum(kube_pod_container_resource_limits{resource='cpu'}) - sum(kube_node_status_capacity{resource='cpu'})";

export const evaluationDefinitionInProposal = (onSuccess: string, onFailure: string): string => `
apiVersion: lifecycle.keptn.sh/v1alpha2
kind: KeptnEvaluationDefinition
metadata:
  name: app-pre-deploy-eval-1
  namespace: podtato-kubectl
spec:
  objectives:
    - name: available-cpus ## this query should fail
      query: "${queryInProposal}"
      evaluationTarget: ">4"
  on-success: ${onSuccess}
  on-failure: ${onFailure}
`;
