import { stringify } from 'yaml';
import { publishedImage } from '../config/published.ts';

/** What runs `sluice lint` for others: the GitHub Action and the hooks of pre-commit, for this version. */
export function lintInCi(version: string): readonly { path: string; content: string }[] {
  return [
    { path: 'action.yml', content: generated(actionOf(version)) },
    { path: '.pre-commit-hooks.yaml', content: generated(hooksOf(version)) },
  ];
}

function generated(value: unknown): string {
  const text = stringify(value, { lineWidth: 0 });
  return `# Generated from src/generate/lint-in-ci.ts by "npm run generate". Do not edit.\n${text}`;
}

// What a workflow passes reaches the shell as variables, so that no text of it is a command.
const script = `set -euo pipefail
args=()
while IFS= read -r line; do
  if [ -n "$line" ]; then args+=("$line"); fi
done <<< "$LINT_PATHS"
while IFS= read -r line; do
  if [ -n "$line" ]; then args+=(--known "$line"); fi
done <<< "$LINT_KNOWN"
if [ "$LINT_STRICT" = true ]; then args+=(--strict); fi
if [ -n "$LINT_CONFIG" ]; then args+=(--config "$LINT_CONFIG"); fi
if [ -n "$LINT_SARIF" ]; then
  npx --yes "sluice@$LINT_VERSION" lint "\${args[@]}" --format sarif --fail-on never > "$LINT_SARIF"
fi
npx --yes "sluice@$LINT_VERSION" lint "\${args[@]}" --format github --fail-on "$LINT_FAIL_ON"
`;

function actionOf(version: string) {
  return {
    name: 'sluice lint',
    description:
      'Judge manifests by the rules that the webhooks of Sluice ask, and annotate the lines',
    inputs: {
      paths: { description: 'files and folders, one a line', required: false, default: '.' },
      known: {
        description: 'files and folders that may be named, one a line',
        required: false,
        default: '',
      },
      strict: {
        description: 'whether what is doubtful is an error',
        required: false,
        default: 'false',
      },
      config: { description: 'configuration file', required: false, default: '' },
      'fail-on': {
        description: 'error, warning, note or never',
        required: false,
        default: 'warning',
      },
      sarif: {
        description: 'file that gets the findings for code scanning',
        required: false,
        default: '',
      },
      version: { description: 'of Sluice', required: false, default: version },
    },
    runs: {
      using: 'composite',
      steps: [
        {
          uses: 'actions/setup-node@39370e3970a6d050c480ffad4ff0ed4d3fdee5af',
          with: { 'node-version': 24 },
        },
        {
          shell: 'bash',
          env: {
            LINT_PATHS: '${{ inputs.paths }}',
            LINT_KNOWN: '${{ inputs.known }}',
            LINT_STRICT: '${{ inputs.strict }}',
            LINT_CONFIG: '${{ inputs.config }}',
            LINT_FAIL_ON: '${{ inputs.fail-on }}',
            LINT_SARIF: '${{ inputs.sarif }}',
            LINT_VERSION: '${{ inputs.version }}',
          },
          run: script,
        },
      ],
    },
  };
}

/** Each file may name what another has: all are judged in one go. */
function hooksOf(version: string) {
  const lint = {
    description: 'Judge manifests by the rules that the webhooks of Sluice ask',
    types: ['yaml'],
    require_serial: true,
  };
  return [
    {
      id: 'sluice-lint',
      name: 'sluice lint',
      ...lint,
      language: 'system',
      entry: `npx --yes sluice@${version} lint`,
    },
    {
      id: 'sluice-lint-docker',
      name: 'sluice lint (in a container)',
      ...lint,
      language: 'docker_image',
      entry: `${publishedImage('sluice', version)} lint`,
    },
  ];
}
