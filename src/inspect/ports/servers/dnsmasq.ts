import { shellAssignments } from '../../../syntax/shell.js';
import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type Entry, parseLines } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile } from '../settings.js';

/** dnsmasq(8): long options and lines of its files are the same. */
export const dnsmasq: PortReader = {
  name: 'dnsmasq',
  programs: ['dnsmasq'],
  packages: ['dnsmasq', 'dnsmasq-base'],
  async read(context) {
    const findings = await collectFindings(context);
    const { entries, main } = await options(context);
    const all = (name: string, letter?: string): Setting[] => [
      ...entries.filter((entry) => entry.key === name).map(fromFile),
      ...context.command.options(name, ...(letter === undefined ? [] : [letter])),
    ];
    const has = (name: string, letter: string): boolean =>
      entries.some((entry) => entry.key === name) || context.command.has(name, letter);
    const port = all('port', 'p').at(-1) ?? fallback(context, main, 53);
    const addresses = all('listen-address', 'a').flatMap((setting) =>
      setting.value.split(',').map((value) => ({ ...setting, value: value.trim() })),
    );
    const interfaces = all('interface', 'i').flatMap((setting) =>
      setting.value.split(',').map((value) => ({ ...setting, value: value.trim() })),
    );
    const binds = has('bind-interfaces', 'z') || entries.some((entry) => entry.key === 'bind-dynamic');
    const hosts: Setting[] = [];
    // Without bind-interfaces it takes the wildcard, and only answers where it was told to.
    if (binds && (addresses.length > 0 || interfaces.length > 0)) {
      hosts.push(...addresses);
      for (const setting of interfaces) hosts.push({ ...setting, value: setting.value === 'lo' ? '127.0.0.1' : '*' });
      // Loopback is added to any interface that is named.
      if (interfaces.length > 0 && !interfaces.some((setting) => setting.value === 'lo'))
        hosts.push({ ...interfaces[0]!, value: '127.0.0.1' });
      if (interfaces.length > 0) hosts.push({ ...interfaces[0]!, value: '::1' });
    } else hosts.push({ ...port, value: '*' });
    for (const host of port.value === '0' ? [] : hosts) {
      const origin = port.evidence.line === undefined ? host : port;
      for (const protocol of ['tcp', 'udp'] as const) findings.add(host.value, port.value, origin, protocol);
    }
    for (const range of all('dhcp-range', 'F')) {
      const isIpv6 = range.value.includes('::') || /(?:^|,)\s*(?:ra-|slaac|constructor:)/.test(range.value);
      findings.add(isIpv6 ? '::' : '0.0.0.0', isIpv6 ? 547 : 67, range, 'udp');
    }
    const tftp = entries.find((entry) => entry.key === 'enable-tftp');
    if (tftp !== undefined) for (const host of hosts) findings.add(host.value, 69, fromFile(tftp), 'udp');
    return findings.done();
  },
};

async function options(context: PortContext): Promise<{ entries: InFile<Entry>[]; main: string }> {
  const { command, files } = context;
  const main = command.option('conf-file', 'C')?.value ?? '/etc/dnsmasq.conf';
  const entries: InFile<Entry>[] = [];
  const pending = [main];
  const folders = command.options('conf-dir', '7').map((setting) => setting.value);
  // Debian's start script passes CONFIG_DIR.
  const defaults = shellAssignments((await files.read('/etc/default/dnsmasq')) ?? '');
  const configured = defaults.findLast((assignment) => assignment.name === 'CONFIG_DIR')?.value;
  if (folders.length === 0 && configured !== undefined) folders.push(configured);
  const seen = new Set<string>();
  for (const folder of folders) pending.push(...confDir(context, folder));
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (seen.has(path) || seen.size > 1000) continue;
    seen.add(path);
    const text = await files.read(path);
    for (const entry of text === null
      ? []
      : parseLines(text, { separator: '=', comments: '#', inlineComments: true })) {
      if (entry.key === 'conf-file') pending.push(entry.value);
      else if (entry.key === 'conf-dir') pending.push(...confDir(context, entry.value));
      else entries.push({ ...entry, path });
    }
  }
  return { entries, main };
}

/** `folder[,pattern…]`: endings to leave out, or with `*` in front the only ones to take. */
function confDir(context: PortContext, text: string): string[] {
  const [folder = '', ...endings] = text.split(',');
  const wanted = endings.filter((ending) => ending.startsWith('*')).map((ending) => ending.slice(1));
  const unwanted = endings.filter((ending) => !ending.startsWith('*'));
  return context.files.folder(folder).filter((path) => {
    if (/~$|^#.*#$/.test(path) || unwanted.some((ending) => path.endsWith(ending))) return false;
    return wanted.length === 0 || wanted.some((ending) => path.endsWith(ending));
  });
}
