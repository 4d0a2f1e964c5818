import { describe, expect, test } from 'vitest';
import { otlpSettings } from '../../src/config/otlp-settings.ts';
import { ConfigInvalid } from '../../src/config/setting.ts';
import { configFrom, settings } from '../../src/config/config.ts';

const given = (flags: Record<string, string>, env: Record<string, string> = {}) => ({
  flags: new Map(Object.entries(flags)),
  env,
});

const problemsOf = (flags: Record<string, string>, env: Record<string, string> = {}) => {
  try {
    configFrom(given(flags, env));
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
  return [];
};

test('nothing given gives the defaults, Sluice’s own runner image among them', () => {
  expect(configFrom(given({}))).toMatchObject({
    namespace: 'keptn-system',
    definitionsNamespace: 'keptn-system',
    leaseNamespace: 'keptn-system',
    listenPort: 9443,
    denoImage: 'ghcr.io/keptn-sluice/sluice-functions:0.1.0',
    pythonImage: 'ghcr.io/keptn-sluice/sluice-functions:0.1.0',
    bashImage: 'ghcr.io/keptn-sluice/sluice-functions:0.1.0',
    promotionTasks: true,
    allowLoopbackProviders: false,
    only: undefined,
  });
});

test('names of clients without a CA are refused, because they would protect nothing', () => {
  expect(problemsOf({ 'client-allowed-names': 'kube-apiserver, front-proxy' })).toMatchObject([
    { name: '--client-allowed-names', expected: '--client-ca-file beside it' },
  ]);
  expect(
    configFrom(given({ 'client-ca-file': 'ca.crt', 'client-allowed-names': 'a, b' })),
  ).toMatchObject({ clientCaFile: 'ca.crt', clientAllowedNames: ['a', 'b'] });
});

test.each([
  [{}, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'own'],
  [{}, {}, 'files'],
  [{ 'cert-file': 'tls.crt' }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'files'],
  [{}, { KUBERNETES_SERVICE_HOST: '10.0.0.1', SLUICE_CERT_FILE: 'tls.crt' }, 'files'],
  [{ kubeconfig: 'dev' }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, 'files'],
  [{ certificates: 'own' }, {}, 'own'],
  [{}, { KUBERNETES_SERVICE_HOST: '10.0.0.1', SLUICE_CERTIFICATES: 'files' }, 'files'],
] as const)('with %o and %o the certificates are its %s', (flags, env, certificates) => {
  expect(configFrom(given(flags, env)).certificates).toBe(certificates);
});

test('every setting of the schema is in the configuration, and nothing else', () => {
  const ofTraces = new Set(Object.keys(otlpSettings));
  const others = Object.keys(settings).filter((name) => !ofTraces.has(name));
  expect(Object.keys(configFrom(given({}))).toSorted()).toEqual([...others, 'otlp'].toSorted());
});

test('no two settings share a flag or a variable', () => {
  const all = Object.values(settings);
  expect(new Set(all.map((one) => one.flag)).size).toBe(all.length);
  expect(new Set(all.map((one) => one.env)).size).toBe(all.length);
});

test('the flag wins over the variable, the variable over the default', () => {
  const env = { SLUICE_LISTEN_PORT: '8443' };
  expect(configFrom(given({}, env)).listenPort).toBe(8443);
  expect(configFrom(given({ 'listen-port': '7443' }, env)).listenPort).toBe(7443);
});

test('an empty variable is the same as none', () => {
  expect(configFrom(given({}, { SLUICE_LISTEN_PORT: '' })).listenPort).toBe(9443);
});

test('variables of Keptn’s operator keep their names', () => {
  const config = configFrom(
    given(
      {},
      {
        POD_NAMESPACE: 'lifecycle',
        FUNCTION_RUNNER_IMAGE: 'registry.example/deno:1',
        PYTHON_RUNNER_IMAGE: 'registry.example/python:1',
        PROMOTION_TASKS_ENABLED: 'false',
      },
    ),
  );
  expect(config).toMatchObject({
    namespace: 'lifecycle',
    definitionsNamespace: 'lifecycle',
    denoImage: 'registry.example/deno:1',
    pythonImage: 'registry.example/python:1',
    promotionTasks: false,
  });
});

test('all problems are reported at once, each with name, value and what is expected', () => {
  const problems = problemsOf(
    { 'listen-port': '70000', only: 'both' },
    { SLUICE_LEASE_DURATION: '15', POD_NAMESPACE: 'No_Such', SLUICE_LOG_LEVL: 'debug' },
  );
  expect(problems).toEqual([
    expect.objectContaining({ name: 'POD_NAMESPACE', value: 'No_Such' }),
    { name: '--only', value: 'both', expected: 'one of admission, controllers' },
    { name: '--listen-port', value: '70000', expected: 'a whole number from 0 to 65535' },
    expect.objectContaining({ name: 'SLUICE_LEASE_DURATION', value: '15' }),
    {
      name: 'SLUICE_LOG_LEVL',
      value: 'debug',
      expected: 'nothing: did you mean SLUICE_LOG_LEVEL?',
    },
  ]);
});

test('the message of the error lists every problem', () => {
  expect(() => configFrom(given({ 'listen-port': 'x', workers: '0' }))).toThrow(
    '2 settings are not usable:\n' +
      '  --listen-port: "x", expected a whole number from 0 to 65535\n' +
      '  --workers: "0", expected a whole number from 1 to 256',
  );
});

describe('a lease whose leader could go on after another began is refused', () => {
  test.each([
    [{ 'lease-renew-deadline': '15s' }, '--lease-renew-deadline'],
    [{ 'lease-retry-period': '10s' }, '--lease-retry-period'],
  ])('%o', (flags, name) => {
    expect(problemsOf(flags).map((one) => one.name)).toEqual([name]);
  });
});

test('a variable like no other is reported without a guess', () => {
  expect(problemsOf({}, { SLUICE_ZZZ: '1' })).toEqual([
    { name: 'SLUICE_ZZZ', value: '1', expected: 'nothing: there is no such setting' },
  ]);
});

test('variables that Kubernetes sets for a Service called sluice are no settings', () => {
  const env = {
    SLUICE_SERVICE_HOST: '10.0.0.1',
    SLUICE_SERVICE_PORT: '443',
    SLUICE_SERVICE_PORT_HTTPS: '443',
    SLUICE_PORT: 'tcp://10.0.0.1:443',
    SLUICE_PORT_443_TCP_ADDR: '10.0.0.1',
    SLUICE_WEBHOOK_SERVICE_HOST: '10.0.0.2',
  };
  expect(problemsOf({}, env)).toEqual([]);
});

test('the configuration cannot be changed', () => {
  expect(Object.isFrozen(configFrom(given({})))).toBe(true);
});
