import { collectorProblem, otlpProtocols } from '../domain/settings/collector-address.ts';
import { optional, setting } from './define-setting.ts';
import { keyValues } from './key-values.ts';
import {
  oneOf,
  type SettingsReader,
  text,
  type ValueType,
  wholeNumber,
  yesOrNo,
} from './setting.ts';
import { defined } from '../api/json.ts';

/** Keptn's name for itself in traces: dashboards look for it. */
const keptnsServiceName = 'lifecycle-operator';

const address: ValueType<string> = {
  placeholder: 'address',
  expected: 'host:port for OTLP over gRPC, or an http:// or https:// URL',
  read: (given) => (collectorProblem(given) === undefined ? given.trim() : undefined),
  show: String,
};

const file = text('file', 'the path of a PEM file');

/**
 * How traces are exported: the variables are OpenTelemetry's own. A collector that the ruling KeptnConfig names
 * (`spec.OTelCollectorUrl`) goes before these addresses.
 */
export const otlpSettings = {
  otlpEndpoint: optional({
    flag: 'otlp-endpoint',
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    value: address,
    description: 'collector that gets the traces, unless KeptnConfig names one; none if not given',
  }),
  otlpTracesEndpoint: optional({
    flag: 'otlp-traces-endpoint',
    env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    value: address,
    description: 'the same for traces alone; a URL is used as it is, without adding /v1/traces',
  }),
  otlpProtocol: optional({
    flag: 'otlp-protocol',
    env: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    value: oneOf(otlpProtocols),
    description: 'how spans are sent; by default grpc to host:port and http/protobuf to a URL',
  }),
  otlpHeaders: optional({
    flag: 'otlp-headers',
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    value: keyValues('key=value,…', { areHeaders: true }),
    description:
      'headers of every request to the collector; they may be secrets and are never logged',
  }),
  otlpCertificate: optional({
    flag: 'otlp-certificate',
    env: 'OTEL_EXPORTER_OTLP_CERTIFICATE',
    value: file,
    description: 'authorities that the collector’s certificate is trusted by (PEM)',
  }),
  otlpClientCertificate: optional({
    flag: 'otlp-client-certificate',
    env: 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
    value: file,
    description: 'certificate to show to the collector (PEM)',
  }),
  otlpClientKey: optional({
    flag: 'otlp-client-key',
    env: 'OTEL_EXPORTER_OTLP_CLIENT_KEY',
    value: file,
    description: 'key of that certificate (PEM)',
  }),
  otlpInsecure: optional({
    flag: 'otlp-insecure',
    env: 'OTEL_EXPORTER_OTLP_INSECURE',
    value: yesOrNo,
    description:
      'reach a host:port without TLS; true as in Keptn, unless a certificate for it is given',
  }),
  otlpTimeoutMs: setting({
    flag: 'otlp-timeout',
    env: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    value: wholeNumber('ms', 1, 600_000),
    otherwise: 10_000,
    description: 'how long one request to the collector may take, in milliseconds',
  }),
  serviceName: optional({
    flag: 'otel-service-name',
    env: 'OTEL_SERVICE_NAME',
    value: text('name', 'a name'),
    description: `name of the service that sends the traces; Keptn’s ${keptnsServiceName} if not given`,
  }),
  resourceAttributes: optional({
    flag: 'otel-resource-attributes',
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    value: keyValues('key=value,…', { areHeaders: false }),
    description: 'further attributes of that service',
  }),
} as const;

/** The settings of the export of traces, read and judged together. */
export function readOtlp(reader: SettingsReader) {
  const given = otlpSettings;
  const read = {
    endpoint: reader.read(given.otlpEndpoint),
    tracesEndpoint: reader.read(given.otlpTracesEndpoint),
    protocol: reader.read(given.otlpProtocol),
    headers: reader.read(given.otlpHeaders) ?? {},
    certificate: reader.read(given.otlpCertificate),
    clientCertificate: reader.read(given.otlpClientCertificate),
    clientKey: reader.read(given.otlpClientKey),
    insecure: reader.read(given.otlpInsecure),
    timeoutMs: reader.read(given.otlpTimeoutMs),
  };
  refuseHalfAPair(read, reader);
  const attributes = reader.read(given.resourceAttributes) ?? {};
  const name = reader.read(given.serviceName);
  return {
    ...read,
    insecure: read.insecure ?? (read.certificate ?? read.clientCertificate) === undefined,
    // OTEL_SERVICE_NAME goes before a service.name among the attributes (OpenTelemetry specification).
    resource: {
      'service.name': keptnsServiceName,
      ...attributes,
      ...defined({ 'service.name': name }),
    },
  };
}

/** A certificate without its key, or the other way round, would silently not be shown. */
function refuseHalfAPair(
  read: { clientCertificate: string | undefined; clientKey: string | undefined },
  reader: SettingsReader,
): void {
  if ((read.clientCertificate === undefined) === (read.clientKey === undefined)) return;
  const [missing, other] =
    read.clientKey === undefined
      ? [otlpSettings.otlpClientKey, otlpSettings.otlpClientCertificate]
      : [otlpSettings.otlpClientCertificate, otlpSettings.otlpClientKey];
  reader.refuse({
    name: `--${missing.flag}`,
    value: '',
    expected: `a file, because --${other.flag} (${other.env}) is given`,
  });
}
