import { readWithIncludes } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { INI_STYLE, parseLines } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isYes } from '../settings.js';

/** Ports of a domain controller besides 139 and 445 (Samba wiki, "Samba AD DC Port Usage"). */
const CONTROLLER_PORTS: readonly [number, ('tcp' | 'udp')[]][] = [
  [53, ['tcp', 'udp']], [88, ['tcp', 'udp']], [135, ['tcp']], [389, ['tcp', 'udp']], [464, ['tcp', 'udp']], [636, ['tcp']],
  [3268, ['tcp']], [3269, ['tcp']], [137, ['udp']], [138, ['udp']], [139, ['tcp']], [445, ['tcp']],
]; // biome-ignore format: a table

/** smb.conf(5): `smb ports`, `interfaces`, `bind interfaces only`, `disable netbios`, `nbt client socket address`. */
export const samba: PortReader = {
  name: 'samba',
  programs: ['smbd', 'nmbd', 'samba', 'samba-ad-dc', 'smb', 'nmb'],
  packages: ['samba'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'separate' });
    const main = context.command.option('s', 'configfile')?.value ?? '/etc/samba/smb.conf';
    const entries = await readWithIncludes(context.files, main, {
      parse: (text) =>
        parseLines(text, { ...INI_STYLE, separator: '=', continuation: true }).map((entry) => ({
          ...entry,
          section: entry.section.toLowerCase(),
          key: entry.key.toLowerCase().replace(/\s+/g, ' '),
        })),
      includes: (entry) => (entry.key === 'include' && !entry.value.includes('%') ? [entry.value] : undefined),
    });
    const global = (key: string): Setting | undefined =>
      entries
        .filter((entry) => (entry.section === 'global' || entry.section === '') && entry.key === key)
        .map(fromFile)
        .at(-1);
    const bound = isYes(global('bind interfaces only')?.value) ? boundHosts(global('interfaces')) : ['*'];
    const program =
      context.command.names.find((name) => ['smbd', 'nmbd', 'samba', 'smb', 'nmb', 'samba-ad-dc'].includes(name)) ??
      'smbd';
    const silent = fallback(context, main, '');
    const withoutNetbios = isYes(global('disable netbios')?.value);
    if (program === 'samba' || program === 'samba-ad-dc') {
      const role = global('server role')?.value ?? '';
      if (!/domain controller$/i.test(role) || /classic|primary|backup/i.test(role)) return findings.done();
      for (const [port, protocols] of CONTROLLER_PORTS)
        for (const host of bound) for (const protocol of protocols) findings.add(host, port, silent, protocol);
    } else if (program.startsWith('nmb')) {
      if (withoutNetbios) return findings.done();
      // NetBIOS is IPv4. Broadcasts are read on all addresses, even where answers come from the bound interfaces alone.
      const client = global('nbt client socket address');
      const own = bound.filter((address) => address !== '*' && !address.includes(':'));
      const hosts = client === undefined || client.value === '0.0.0.0' ? ['0.0.0.0'] : [client.value, ...own];
      for (const port of [137, 138]) for (const host of hosts) findings.add(host, port, client ?? silent, 'udp');
    } else {
      const written = global('smb ports') ?? context.command.option('p', 'port');
      // `disable netbios` silences nmbd alone: smbd keeps 139.
      const ports = written?.value.split(/[\s,]+/).filter(Boolean) ?? ['139', '445'];
      for (const port of ports) for (const host of bound) findings.add(host, port, written ?? silent);
    }
    return findings.done();
  },
};

/** Addresses as written; interface names and networks are addresses that only the running machine has. */
function boundHosts(interfaces: Setting | undefined): string[] {
  const words = interfaces?.value.split(/[\s,;]+/).filter(Boolean) ?? [];
  const hosts = words.flatMap((word) => {
    const host = word.replace(/\/.*$/, '');
    if (word === 'lo') return ['127.0.0.1', '::1'];
    if (host.startsWith('127.')) return ['127.0.0.1'];
    return [/^[\d.]+$|:/.test(host) && !/\.0$/.test(host) ? host : '*'];
  });
  return hosts.length > 0 ? [...new Set(hosts)] : ['*'];
}
