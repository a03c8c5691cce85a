import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, isNo, isYes, lastOf, readYaml } from '../settings.js';

/** Transmission's settings.json: the web interface, and the port of peers over TCP and UDP (uTP, DHT). */
export const transmission: PortReader = {
  name: 'transmission',
  programs: ['transmission-daemon'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const folder = command.option('g', 'config-dir')?.value;
    const path =
      folder === undefined
        ? files.first([
            '/var/lib/transmission-daemon/.config/transmission-daemon/settings.json',
            '/etc/transmission-daemon/settings.json',
            '/var/lib/transmission/.config/transmission-daemon/settings.json',
          ])
        : `${folder}/settings.json`;
    const entries = await readYaml(files, path);
    const setting = (name: string, silent: string | number): Setting =>
      lastOf(entries, name) ?? fallback(context, path, silent);
    const web = command.option('p', 'port') ?? setting('rpc-port', 9091);
    if (!isNo(setting('rpc-enabled', 'true').value))
      findings.add(setting('rpc-bind-address', '0.0.0.0').value, web.value, web);
    if (isYes(setting('peer-port-random-on-start', 'false').value)) return findings.done();
    const peers = command.option('P', 'peerport') ?? setting('peer-port', 51413);
    for (const host of [setting('bind-address-ipv4', '0.0.0.0').value, setting('bind-address-ipv6', '::').value])
      findings.add(host, peers.value, peers);
    findings.add(setting('bind-address-ipv4', '0.0.0.0').value, peers.value, peers, 'udp');
    return findings.done();
  },
};
