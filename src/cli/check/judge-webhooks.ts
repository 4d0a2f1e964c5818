import { formatDuration } from '../../domain/go/duration.ts';
import { whyOf } from './judge-cluster.ts';
import { failed, type Line, ok, unknown, warning } from './line.ts';
import type { CertificateSeen, Seen, ServedSeen, WebhookSeen } from './seen.ts';

const dayMs = 86_400_000;
const installWebhooks = 'sluice install --webhooks --ca-file FILE, or the chart';

/** Whether the webhooks are registered as they have to be. */
export function judgeWebhooks(webhooks: readonly WebhookSeen[]): readonly Line[] {
  const check = 'webhooks';
  const lines = webhooks.flatMap(({ name, configuration, wantedPolicy, found }): Line[] => {
    if (found.is === 'unreadable') return [unknown(check, `${configuration}: ${found.why}`)];
    if (found.is === 'absent')
      return [
        failed(check, `${name} is missing in ${configuration}: it is not asked`, installWebhooks),
      ];
    const { failurePolicy, caBundle } = found.value;
    if (caBundle === '')
      return [
        failed(
          check,
          `${name} has no caBundle: the API server trusts no answer`,
          `${installWebhooks}; with cert-manager, see its ca-injector`,
        ),
      ];
    if (failurePolicy !== wantedPolicy)
      return [
        warning(
          check,
          `${name} has failurePolicy ${failurePolicy}, not ${wantedPolicy}: ${failurePolicy === 'Ignore' ? 'what it judges passes unjudged while Sluice is down' : 'what it judges is refused while Sluice is down'}`,
          `set it to ${wantedPolicy} (${installWebhooks}) unless it is meant so`,
        ),
      ];
    return [];
  });
  return lines.length > 0 ? lines : [ok(check, `all ${webhooks.length} are registered`)];
}

/** The authorities that the API server trusts, by their dates. */
export function judgeAuthorities(
  authorities: Seen<readonly CertificateSeen[]>,
  now: number,
): readonly Line[] {
  const check = 'certificate authority';
  if (authorities.is === 'absent') return [];
  if (authorities.is === 'unreadable')
    return [failed(check, `the caBundle is no certificate: ${authorities.why}`, installWebhooks)];
  return authorities.value.map((one) => judgeDates(check, one, now));
}

/** What is served at the address of the webhooks, where that can be reached from here. */
export function judgeServed({ address, found }: ServedSeen, now: number): readonly Line[] {
  const check = 'serving certificate';
  if (found.is !== 'found')
    return [
      failed(
        check,
        `${address} cannot be reached: ${whyOf(found)}`,
        'start Sluice there, or give the API server another address: sluice install --url URL --ca-file FILE',
      ),
    ];
  const { certificate, refused } = found.value;
  const dates = judgeDates(check, certificate, now);
  if (refused === undefined) return [dates];
  const mismatch = failed(
    check,
    `${address} serves a certificate that the caBundle does not vouch for: ${refused}`,
    `${installWebhooks}, with the authority of the certificate that is served`,
  );
  return dates.status === 'failed' ? [dates] : [mismatch];
}

/** What the API server answered to a dry run that it has to ask Sluice about. */
export function judgeAnswer(answer: Seen<true>): Line {
  const check = 'webhook call';
  if (answer.is === 'found') return ok(check, 'the API server has asked Sluice and got an answer');
  const why = whyOf(answer);
  if (!why.includes('failed calling webhook')) return unknown(check, why);
  return failed(check, `the API server cannot ask Sluice: ${why}`, remedyOf(why));
}

function remedyOf(why: string): string {
  if (why.includes('x509'))
    return `the caBundle and the certificate that is served do not belong together: ${installWebhooks}`;
  if (why.includes('no endpoints available') || why.includes('connection refused'))
    return 'no replica is ready: look at the Pods of Sluice, their log and /readyz';
  if (why.includes('deadline exceeded') || why.includes('timeout'))
    return 'a NetworkPolicy or firewall between the control plane and Sluice, or a replica that hangs';
  if (why.includes('not found')) return 'the Service of the webhooks is missing: sluice install';
  return 'the log of Sluice and of the API server say more';
}

function judgeDates(check: string, { subject, from, until }: CertificateSeen, now: number): Line {
  const remedy = 'renew it; with files or a Secret, Sluice reads them again by itself';
  const on = new Date(until).toISOString();
  if (now < from)
    return failed(
      check,
      `${subject} is not valid before ${new Date(from).toISOString()}`,
      'look at the clocks of this machine and of the one that made it',
    );
  if (now >= until) return failed(check, `${subject} has expired at ${on}`, remedy);
  const left = formatDuration(Math.floor((until - now) / 60_000) * 60_000);
  if (until - now < 7 * dayMs)
    return warning(check, `${subject} expires in ${left}, at ${on}`, remedy);
  return ok(check, `${subject} is valid until ${on}`);
}
