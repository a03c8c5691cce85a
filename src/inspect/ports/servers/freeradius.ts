import { parentPath } from '../../../model/path.js';
import { absolute } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** Port of each `type` of a listener (radiusd.conf, sites-available/default); `*+acct` and the like are not read. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  auth: 1812,
  'auth+acct': 1812,
  acct: 1813,
  coa: 3799,
  dhcp: 67,
  status: 18121,
};

/** FreeRADIUS 3: `listen` sections of radiusd.conf and of the sites that are switched on. */
export const freeradius: PortReader = {
  name: 'freeradius',
  programs: ['freeradius', 'radiusd'],
  packages: ['freeradius'],
  async read(context) {
    const findings = await collectFindings(context);
    const folder =
      context.command.option('d')?.value ??
      parentPath(
        context.files.first([
          '/etc/freeradius/3.0/radiusd.conf',
          '/etc/raddb/radiusd.conf',
          '/etc/freeradius/radiusd.conf',
        ]) ?? '/etc/raddb/radiusd.conf',
      );
    const name = context.files.first([`${folder}/radiusd.conf`, `${folder}/freeradius.conf`]);
    if (name !== undefined) await addFile(context, name, findings, 0, folder);
    // Replies of a proxy come to a port of the kernel's choice.
    return findings.done();
  },
};

interface Listener {
  readonly values: Map<string, Setting>;
  depth: number;
}

async function addFile(
  context: PortContext,
  path: string,
  findings: Findings,
  level: number,
  folder: string,
): Promise<void> {
  const text = level > 8 ? null : await context.files.read(path);
  let depth = 0;
  let listener: Listener | null = null;
  for (const [index, raw] of (text ?? '').split('\n', 50_000).entries()) {
    const line = raw
      .slice(0, 4096)
      .replace(/(?:^|\s)#.*/, '')
      .trim();
    const included = /^\$-?INCLUDE\s+(\S+)/.exec(line)?.[1];
    if (included !== undefined) {
      const place = absolute(included.replaceAll(/\$\{(?:confdir|raddbdir)\}/g, folder), parentPath(path));
      const files = included.endsWith('/') ? context.files.folder(place) : [place];
      for (const file of files) await addFile(context, file, findings, level + 1, folder);
      continue;
    }
    if (/^listen(?:\s+\S+)?\s*\{/.test(line) && listener === null) listener = { values: new Map(), depth };
    const pair = /^(\w+)\s*=\s*"?([^"\s]+)/.exec(line);
    if (pair !== null && listener !== null && depth === listener.depth + 1 && !listener.values.has(pair[1]!))
      listener.values.set(pair[1]!, { value: pair[2]!, evidence: { path, line: index + 1 } });
    depth += (line.match(/\{/g)?.length ?? 0) - (line.match(/\}/g)?.length ?? 0);
    if (listener !== null && depth <= listener.depth) {
      addListener(listener.values, findings);
      listener = null;
    }
  }
}

function addListener(values: ReadonlyMap<string, Setting>, findings: Findings): void {
  const type = values.get('type');
  if (type === undefined || !Object.hasOwn(DEFAULT_PORTS, type.value)) return;
  const port = values.get('port');
  const number = port === undefined || port.value === '0' ? String(DEFAULT_PORTS[type.value]) : port.value;
  const host = values.get('ipaddr') ?? values.get('ipv4addr') ?? values.get('ipv6addr');
  const wildcard = values.has('ipv6addr') ? '::' : values.has('ipaddr') && host?.value !== '*' ? '*' : '0.0.0.0';
  const address = host === undefined || host.value === '*' ? wildcard : host.value;
  const protocol = values.get('proto')?.value === 'tcp' ? 'tcp' : 'udp';
  findings.add(address, number, port ?? type, protocol);
}
