import { collectFindings } from '../findings.js';
import { BLANK_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, readLines } from '../settings.js';

/** memcached(1); Debian keeps its options one a line in /etc/memcached.conf. */
export const memcached: PortReader = {
  name: 'memcached',
  programs: ['memcached', 'systemd-memcached-wrapper'],
  async read(context) {
    const findings = await collectFindings(context);
    const configuration = configurationFile(context);
    const entries = await readLines(context.files, configuration, BLANK_STYLE);
    const all = (letter: string, long: string): Setting[] => {
      const given = context.command.options(letter, long);
      if (given.length > 0) return given;
      const matching = entries.flatMap((entry) => {
        if (entry.key === `-${letter}` || entry.key === `--${long}`) return [entry];
        const joined = entry.key.startsWith(`--${long}=`) ? entry.key.slice(long.length + 3) : null;
        const short = !entry.key.startsWith('--') && entry.key.startsWith(`-${letter}`) ? entry.key.slice(2) : null;
        return joined !== null || short ? [{ ...entry, value: (joined ?? short)! }] : [];
      });
      return matching.map(fromFile);
    };
    const socket = all('s', 'unix-socket').at(-1);
    if (socket !== undefined) {
      findings.socket(socket.value);
      return findings.done();
    }
    const ownUdp = all('U', 'udp-port').at(-1);
    // TCP follows UDP where only that has a port.
    const silent = ownUdp === undefined || ownUdp.value === '0' ? undefined : ownUdp;
    const port = all('p', 'port').at(-1) ?? silent ?? fallback(context, configuration, 11211);
    // UDP was on until 1.5.6 (CVE-2018-1000115).
    const udp = ownUdp ?? fallback(context, configuration, isAtLeast(context.version, '1.5.6') ? 0 : port.value);
    const hosts = all('l', 'listen').flatMap((setting) =>
      setting.value.split(',').map((value) => ({ ...setting, value })),
    );
    for (const host of hosts.length > 0 ? hosts : [{ ...port, value: '*' }]) {
      const origin = port.evidence.line === undefined ? host : port;
      if (port.value !== '0') findings.endpoint({ ...origin, value: host.value.trim() }, { port: port.value });
      if (udp.value !== '0')
        findings.endpoint({ ...udp, value: host.value.trim() }, { port: udp.value, protocol: 'udp' });
    }
    return findings.done();
  },
};

function configurationFile(context: PortContext): string | undefined {
  const named = context.command.arguments.find((argument) => argument.startsWith('/') && argument.endsWith('.conf'));
  const instance = /^memcached@(.+)\.service$/.exec(context.service.name)?.[1];
  if (named !== undefined) return named;
  if (!/wrapper|init\.d/.test(context.command.program)) return undefined;
  return context.files.first([`/etc/memcached_${instance ?? ''}.conf`, '/etc/memcached.conf']);
}
