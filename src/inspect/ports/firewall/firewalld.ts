import type { FirewallRule } from '../../../model/firewall.js';
import type { ConfigFiles } from '../config-files.js';
import { parseLines } from '../formats/lines.js';
import { parseXml, walkXml, type XmlElement } from '../formats/xml.js';

/** firewalld.conf(5), firewalld.zone(5), firewalld.service(5): what is open in the default zone and in zones with sources or interfaces. */
export async function readFirewalld(files: ConfigFiles): Promise<FirewallRule[]> {
  const main = await files.read('/etc/firewalld/firewalld.conf');
  if (main === null) return [];
  const zone =
    parseLines(main, { separator: '=', comments: '#' }).findLast((entry) => entry.key === 'DefaultZone')?.value ??
    'public';
  const own = files.folder('/etc/firewalld/zones', '.xml');
  const fallbackZone = `/usr/lib/firewalld/zones/${zone}.xml`;
  const paths = own.some((path) => path.endsWith(`/${zone}.xml`)) ? own : [...own, fallbackZone];
  const findings: FirewallRule[] = [];
  for (const path of paths) {
    const elements = parseXml((await files.read(path)) ?? '') ?? [];
    const root = elements.find((element) => element.name === 'zone');
    if (root === undefined) continue;
    const bound = root.children.some((child) => child.name === 'interface' || child.name === 'source');
    if (!path.endsWith(`/${zone}.xml`) && !bound) continue;
    findings.push(...(await readZone(files, root, path)));
  }
  return findings;
}

async function readZone(files: ConfigFiles, zone: XmlElement, path: string): Promise<FirewallRule[]> {
  const rule = (action: 'allow' | 'deny', line: number, facts: Partial<FirewallRule>): FirewallRule => ({
    tool: 'firewalld',
    action,
    ports: null,
    protocol: null,
    source: null,
    isDefault: false,
    enabled: true,
    evidence: { path, line },
    ...facts,
  });
  const findings = [
    rule(zone.attributes.get('target') === 'ACCEPT' ? 'allow' : 'deny', zone.line, { isDefault: true }),
  ];
  for (const { element, above } of walkXml(zone.children)) {
    const rich = above.find((outer) => outer.name === 'rule');
    const denied = rich?.children.some((child) => child.name === 'drop' || child.name === 'reject') === true;
    const action = denied ? 'deny' : 'allow';
    const source = rich?.children.find((child) => child.name === 'source')?.attributes.get('address') ?? null;
    if (element.name === 'port') findings.push(rule(action, element.line, { ...portOf(element), source }));
    if (element.name !== 'service') continue;
    for (const port of await servicePorts(files, element.attributes.get('name') ?? '')) {
      findings.push(rule(action, element.line, { ...portOf(port), source }));
    }
  }
  return findings;
}

async function servicePorts(files: ConfigFiles, name: string): Promise<XmlElement[]> {
  if (!/^[\w.-]{1,100}$/.test(name)) return [];
  for (const folder of ['/etc/firewalld/services', '/usr/lib/firewalld/services']) {
    const text = await files.read(`${folder}/${name}.xml`);
    if (text === null) continue;
    return [...walkXml(parseXml(text) ?? [])]
      .map(({ element }) => element)
      .filter((element) => element.name === 'port');
  }
  return [];
}

function portOf(element: XmlElement): Pick<FirewallRule, 'ports' | 'protocol'> {
  const protocol = element.attributes.get('protocol');
  return {
    ports: element.attributes.get('port') || null,
    protocol: protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp' ? protocol : null,
  };
}
