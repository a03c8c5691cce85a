import { parse } from 'yaml';
import type { Evidence } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { joinPath } from '../../model/path.js';
import { readOptionalText } from '../../syntax/guest-text.js';
import { evidenceOf, type GuestLine, readFolderLines, readLines } from './read-lines.js';

/** A network interface that the machine's configuration sets up, and its fixed addresses without their prefix. */
export interface ConfiguredInterface {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly at: Evidence;
}

const MAX_FILES = 100;
const MAX_BYTES = 256 * 1024;

/** Of ifupdown, ifcfg files, netplan, NetworkManager and systemd-networkd; without loopback, sorted by name. */
export async function interfaceLines(fs: GuestFs): Promise<ConfiguredInterface[]> {
  const found = [
    ...ifupdown([
      ...(await readLines(fs, '/etc/network/interfaces')),
      ...(await readFolderLines(fs, '/etc/network/interfaces.d', '')),
    ]),
    ...(await perFile(
      fs,
      '/etc/sysconfig/network-scripts',
      /^ifcfg-([\w.-]{1,60})$/,
      /^(?:IPADDR\d*|IPV6ADDR)=["']?([0-9a-fA-F.:]+)/,
    )),
    ...(await perFile(fs, '/etc/sysconfig/network', /^ifcfg-([\w.-]{1,60})$/, /^IPADDR\w*=["']?([0-9a-fA-F.:]+)/)),
    ...(await perFile(
      fs,
      '/etc/NetworkManager/system-connections',
      /^(.{1,80})\.nmconnection$/,
      /^address\d*=([0-9a-fA-F.:]+)/,
      /^interface-name=(.{1,40})$/,
      /^type=(?:ethernet|bond|bridge|vlan|infiniband)$/,
    )),
    ...(await perFile(
      fs,
      '/etc/systemd/network',
      /^(.{1,80})\.network$/,
      /^Address=([0-9a-fA-F.:]+)/,
      /^Name=(\S{1,40})$/,
    )),
    ...(await netplan(fs)),
  ];
  return found.filter(({ name }) => name !== 'lo').sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** interfaces(5): `iface NAME inet static`, then `address A[/prefix]`. */
function ifupdown(lines: readonly GuestLine[]): ConfiguredInterface[] {
  const found: { name: string; addresses: string[]; at: Evidence }[] = [];
  for (const each of lines) {
    const words = each.text.split(/\s+/);
    if (words[0] === 'iface' && words[1] !== undefined) {
      const earlier = found.find(({ name }) => name === words[1]);
      if (earlier !== undefined) found.splice(found.indexOf(earlier), 1);
      found.push({ name: words[1], addresses: earlier?.addresses ?? [], at: earlier?.at ?? evidenceOf(each) });
    } else if (words[0] === 'address' && words[1] !== undefined) {
      found.at(-1)?.addresses.push(words[1].split('/', 1)[0]!);
    }
  }
  return found;
}

/** Formats with one interface a file. `name` inside the file wins over the file's; without `required` it is none. */
async function perFile(
  fs: GuestFs,
  folder: string,
  file: RegExp,
  address: RegExp,
  name?: RegExp,
  required?: RegExp,
): Promise<ConfiguredInterface[]> {
  const found: ConfiguredInterface[] = [];
  for (const each of fs.list(folder).slice(0, MAX_FILES)) {
    const match = file.exec(each);
    if (match === null) continue;
    const path = joinPath(folder, each);
    const lines = await readLines(fs, path);
    if (required !== undefined && !lines.some(({ text }) => required.test(text))) continue;
    const values = (pattern: RegExp): string[] => lines.flatMap(({ text }) => pattern.exec(text)?.[1] ?? []);
    found.push({
      name: (name === undefined ? undefined : values(name)[0]) ?? match[1]!,
      addresses: values(address),
      at: { path, line: 1 },
    });
  }
  return found;
}

async function netplan(fs: GuestFs): Promise<ConfiguredInterface[]> {
  const found: ConfiguredInterface[] = [];
  for (const file of fs
    .list('/etc/netplan')
    .filter((name) => name.endsWith('.yaml'))
    .slice(0, MAX_FILES)) {
    const path = joinPath('/etc/netplan', file);
    const text = await readOptionalText(fs, path, MAX_BYTES, []);
    for (const kind of ['ethernets', 'bonds', 'bridges', 'vlans', 'wifis']) {
      const section = member(member(parsed(text ?? ''), 'network'), kind);
      if (typeof section !== 'object' || section === null) continue;
      for (const [name, settings] of Object.entries(section).slice(0, MAX_FILES)) {
        const listed = member(settings, 'addresses');
        const addresses = Array.isArray(listed) ? listed.filter((each) => typeof each === 'string') : [];
        found.push({ name, addresses: addresses.map((each) => each.split('/', 1)[0]!), at: { path, line: 1 } });
      }
    }
  }
  return found;
}

/** Aliases are refused: they could make a small file endless. */
function parsed(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0, logLevel: 'silent' });
  } catch {
    return null;
  }
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
