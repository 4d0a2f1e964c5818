import type { Environment } from './settings.ts';

// Keptn's, then what programs need to find their way: paths, language, API server, proxies, certificate authorities.
const usual = [
  'DATA',
  'SECURE_DATA',
  'KEPTN_CONTEXT',
  'CMD_ARGS',
  'PATH',
  'LANG',
  'LC_*',
  'TZ',
  'KUBERNETES_SERVICE_*',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'NODE_EXTRA_CA_CERTS',
  'DENO_CERT',
  'DENO_TLS_CA_STORE',
];

/** Of the container's environment, what a script gets: the usual variables and those that the definition asks for. */
export function passedOn(env: Environment, patterns: readonly string[]): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && [...usual, ...patterns].some((pattern) => matches(pattern, name))) {
      passed[name] = value;
    }
  }
  return passed;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
