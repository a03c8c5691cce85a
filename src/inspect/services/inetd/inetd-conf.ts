import type { ListeningPort } from '../../../model/services.js';
import { type FoundService, readText, type ServiceContext } from '../context.js';
import { emptyService, missingProgram } from '../found.js';
import { inetdActivation, portOf, readNetworkServices } from './network-services.js';

const PATH = '/etc/inetd.conf';

/** inetd.conf(5): `[address:]service type protocol wait user program arguments`. */
export async function readInetdConf(context: ServiceContext, isRunning: boolean): Promise<FoundService[]> {
  const text = await readText(context, PATH);
  if (text === null) return [];
  const known = await readNetworkServices(context);
  const services: FoundService[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = index + 1;
    const words = raw.trim().split(/\s+/);
    if (raw.trim() === '' || /^[#:]/.test(raw.trim()) || /^\s/.test(raw)) return;
    const [where, kind, protocolWord, waits, userWord, program, ...args] = words;
    if (program === undefined) {
      context.report('inetd-syntax', PATH, `line ${line} has fewer than six fields`);
      return;
    }
    const colon = where!.lastIndexOf(':');
    const serviceName = colon < 0 ? where! : where!.slice(colon + 1);
    const protocol = /^(tcp|udp)(4|6|46)?/.exec(protocolWord!);
    const port = protocol === null ? null : portOf(known, serviceName, protocol[1]!);
    if (protocol !== null && port === null && !serviceName.includes('/')) {
      context.report('inetd-unknown-service', PATH, `line ${line}: ${serviceName} has no port in /etc/services`);
      return;
    }
    const ports: ListeningPort[] =
      port === null
        ? []
        : [
            {
              port,
              protocol: protocol![1] as 'tcp' | 'udp',
              address: colon > 0 ? where!.slice(0, colon).replace(/^\[|\]$/g, '') : anyAddress(protocol![2]),
              evidence: { path: PATH, line },
            },
          ];
    const isInternal = program === 'internal';
    // tcpd only checks who asks; the service is its argument.
    const command = isInternal ? [] : /\/tcpd$/.test(program) && args.length > 0 ? args : [program, ...args.slice(1)];
    const missing = missingProgram(context.fs, command);
    if (missing !== null) context.report('program-missing', PATH, `line ${line}: ${missing} is not on the disk`);
    services.push({
      ...emptyService(
        services.some(({ name }) => name === serviceName) ? `${serviceName}/${protocolWord}` : serviceName,
        'inetd',
      ),
      enabled: isRunning && missing === null,
      command,
      user: userWord!.split(/[.:]/, 1)[0]!,
      ports,
      listens: protocolWord === 'unix' ? [serviceName] : [],
      ...(ports.length === 0 ? {} : { activation: inetdActivation(ports, kind!, waits!.startsWith('wait')) }),
      evidence: [{ path: PATH, line }],
      definition: PATH,
      ...(isInternal ? { role: { role: 'system', reason: 'answered by inetd itself' } as const } : {}),
    });
  });
  return services;
}

/** A protocol without a version is both, as the inetds of Debian take it. */
function anyAddress(version: string | undefined): string {
  return version === '6' ? '::' : version === '4' ? '0.0.0.0' : '*';
}
