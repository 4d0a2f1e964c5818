import { formatDuration } from '../../domain/go/duration.ts';
import { whyOf } from './judge-cluster.ts';
import { failed, type Line, ok, unknown, warning } from './line.ts';
import type { ClockSeen, LeaderSeen, ReplicaSeen } from './seen.ts';

/** The API server tells whole seconds, and the answer takes its time. */
const clockToleranceMs = 3_000;

/** The clock of this machine, by which the other lines judge, against that of the API server. */
export function judgeClock({ here, server }: ClockSeen): Line {
  const check = 'clock';
  if (server.is !== 'found') return unknown(check, whyOf(server));
  const aheadMs = here - server.value;
  if (Math.abs(aheadMs) <= clockToleranceMs)
    return ok(check, 'this machine and the API server agree');
  return warning(
    check,
    `this machine is ${spanOf(aheadMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the API server`,
    'set the clocks by NTP; the lines on dates here go by the API server’s',
  );
}

/** Who leads, and whether it still renews; `now` is the API server's time. */
export function judgeLeader({ name, lease }: LeaderSeen, now: number): Line {
  const check = 'leader';
  if (lease.is === 'unreadable') return unknown(check, lease.why);
  if (lease.is === 'absent')
    return failed(
      check,
      `there is no Lease ${name}: no Sluice has ever led, so nothing is checked or released`,
      'start Sluice, or name its Lease (--lease-name, --lease-namespace); its log says why it does not lead',
    );
  const { holder, renewedAt, acquiredAt, leaseMs } = lease.value;
  if (holder === '')
    return failed(
      check,
      `no process holds the Lease ${name}: the last leader has let it go`,
      'start Sluice; if it runs, /readyz and its log say what keeps it from leading',
    );
  const ageMs = now - renewedAt;
  if (ageMs > leaseMs + clockToleranceMs)
    return failed(
      check,
      `${holder} has not renewed the Lease ${name} for ${spanOf(ageMs)}: it is gone, or its clock is behind`,
      `look at that Pod; if it is gone, another replica takes over within ${spanOf(leaseMs)} once one is ready`,
    );
  if (ageMs < -clockToleranceMs)
    return warning(
      check,
      `${holder} leads, and its clock is ${spanOf(ageMs)} ahead of the API server`,
      'set the clock of its node by NTP: times of checks would be wrong',
    );
  return ok(check, `${holder} leads since ${new Date(acquiredAt).toISOString()}`);
}

/** The Pods of Sluice in its own Namespace; none where it runs outside the cluster. */
export function judgeReplicas(
  replicas: readonly ReplicaSeen[],
  isOutside: boolean,
): readonly Line[] {
  const check = 'replicas';
  if (replicas.length === 0)
    return isOutside
      ? [ok(check, 'Sluice runs outside the cluster')]
      : [
          failed(
            check,
            'there is no Pod of Sluice (label app.kubernetes.io/name=sluice)',
            'sluice install --deployment, or the chart; --namespace if it runs in another one',
          ),
        ];
  const unready = replicas.filter(({ isReady }) => !isReady);
  const each = unready.map(({ name, why }) =>
    failed(
      check,
      `Pod ${name} is not ready: ${why}`,
      `kubectl describe pod ${name}, and its log; /readyz names what it waits for`,
    ),
  );
  if (each.length > 0) return each;
  if (replicas.length === 1)
    return [
      warning(
        check,
        'one is ready: while it restarts nothing is admitted in enabled Namespaces',
        'run two',
      ),
    ];
  return [ok(check, `${replicas.length} are ready`)];
}

/** Whether Prometheus would find something. */
export function judgeMetrics(replicas: readonly ReplicaSeen[]): readonly Line[] {
  const check = 'metrics';
  if (replicas.length === 0) return [];
  const without = replicas.filter(({ metrics }) => metrics.is === 'absent');
  if (without.length > 0)
    return [
      warning(
        check,
        'no port for /metrics: no alert will fire',
        'give --metrics-port, or the chart’s value',
      ),
    ];
  const broken = replicas.find(({ metrics }) => metrics.is === 'unreadable');
  if (broken !== undefined && broken.metrics.is === 'unreadable')
    return [
      warning(
        check,
        `Pod ${broken.name} does not serve /metrics: ${broken.metrics.why}`,
        'look at its log; with --metrics-token-file only Prometheus can read them',
      ),
    ];
  return [ok(check, `${replicas.length} replicas serve /metrics`)];
}

function spanOf(ms: number): string {
  return formatDuration(Math.round(Math.abs(ms) / 1000) * 1000);
}
