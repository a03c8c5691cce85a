import type { FirewallRule } from '../../../model/firewall.js';
import type { ConfigFiles } from '../config-files.js';
import { readFirewalld } from './firewalld.js';
import { readIptables } from './iptables.js';
import { readNftables } from './nftables.js';
import { readUfw } from './ufw.js';

/** Rules for incoming traffic of every firewall that is configured on the disk, in the order of their files. */
export async function inspectFirewall(files: ConfigFiles): Promise<FirewallRule[]> {
  const found = [
    ...(await readUfw(files)),
    ...(await readFirewalld(files)),
    ...(await readIptables(files)),
    ...(await readNftables(files)),
  ];
  return found.slice(0, 10_000);
}
