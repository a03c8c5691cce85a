import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortReader } from '../reader.js';
import { fromFile, readLines } from '../settings.js';

/** wg(8), wg-quick(8) and systemd.netdev(5): ListenPort; without it the kernel takes any free port. */
export const wireguard: PortReader = {
  name: 'wireguard',
  programs: ['wg-quick', 'wg', 'systemd-networkd', 'wireguard'],
  async read(context) {
    const findings = await collectFindings(context);
    const { files, service } = context;
    const instance = /^wg-quick@(.+)\.service$/.exec(service.name)?.[1] ?? context.command.arguments[1];
    const isNetworkd = context.command.names.includes('systemd-networkd');
    const netdevs = ['/etc/systemd/network', '/usr/lib/systemd/network', '/usr/local/lib/systemd/network'].flatMap(
      (folder) => files.folder(folder, '.netdev'),
    );
    const paths = isNetworkd
      ? netdevs
      : instance === undefined
        ? []
        : [instance.startsWith('/') ? instance : `/etc/wireguard/${instance}.conf`];
    for (const path of paths) {
      for (const entry of await readLines(files, path, { ...INI_STYLE, separator: '=' })) {
        const counts = isNetworkd ? entry.section === 'WireGuard' : entry.section === 'Interface';
        if (counts && entry.key === 'ListenPort' && /^\d+$/.test(entry.value))
          findings.add('*', entry.value, fromFile(entry), 'udp');
      }
    }
    return findings.done();
  },
};
