import { collectFindings } from '../findings.js';
import { parseXml, walkXml, type XmlElement } from '../formats/xml.js';
import type { PortContext, PortReader } from '../reader.js';
import { expandPlaceholders } from '../settings.js';

/** https://docs.wildfly.org/: socket bindings count where a listener or the management interface refers to them. */
export const wildfly: PortReader = {
  name: 'wildfly',
  programs: [
    'wildfly',
    'standalone.sh',
    'jboss-modules',
    'jboss',
    'jboss-modules.jar',
    'launch.sh',
    'org.jboss.as.standalone',
    'jboss-eap',
  ],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const path = configurationFile(context);
    if (path === undefined) return findings.done();
    const roots = parseXml((await context.files.read(path)) ?? '');
    if (roots === null) {
      findings.problem('config-unreadable', path, 'not well-formed XML');
      return findings.done();
    }
    const elements = [...walkXml(roots)].map(({ element }) => element);
    const properties = givenProperties(context);
    const expand = (text: string): string => expandPlaceholders(text, (name) => properties.get(name));
    const interfaces = new Map<string, string>();
    for (const element of elements.filter(
      (candidate) => candidate.name === 'interface' && candidate.attributes.has('name'),
    )) {
      interfaces.set(element.attributes.get('name')!, interfaceHost(element, expand));
    }
    const group = elements.find((element) => element.name === 'socket-binding-group');
    const offset = Number(expand(group?.attributes.get('port-offset') ?? '0')) || 0;
    const used = usedBindings(elements);
    for (const binding of group?.children ?? []) {
      const name = binding.attributes.get('name') ?? '';
      const port = Number(expand(binding.attributes.get('port') ?? '0'));
      if (binding.name !== 'socket-binding' || !used.has(name) || !Number.isInteger(port) || port === 0) continue;
      const home = binding.attributes.get('interface') ?? group?.attributes.get('default-interface') ?? 'public';
      findings.add(interfaces.get(home) ?? '127.0.0.1', port + offset, { evidence: { path, line: binding.line } });
    }
    return findings.done();
  },
};

const LISTENERS = new Set([
  'http-listener',
  'https-listener',
  'ajp-listener',
  'http-interface',
  'socket-acceptor',
  'acceptor',
  'http-acceptor',
  'remote-acceptor',
  'connector',
]);

/** Names of bindings that a listener opens; `<socket-binding http="…"/>` is the management interface's. */
function usedBindings(elements: readonly XmlElement[]): Set<string> {
  const used = new Set<string>();
  for (const element of elements) {
    const named = element.attributes.get('socket-binding');
    if (LISTENERS.has(element.name) && named !== undefined) used.add(named);
    if (element.name === 'socket-binding' && !element.attributes.has('port')) {
      for (const key of ['http', 'https', 'native']) {
        const name = element.attributes.get(key);
        if (name !== undefined) used.add(name);
      }
    }
  }
  return used;
}

function interfaceHost(element: XmlElement, expand: (text: string) => string): string {
  if (element.children.some((child) => child.name === 'any-address')) return '*';
  const address = element.children.find((child) => child.name === 'inet-address')?.attributes.get('value');
  if (element.children.some((child) => child.name === 'loopback')) return '127.0.0.1';
  return address === undefined ? '*' : expand(address);
}

function givenProperties(context: PortContext): Map<string, string> {
  const properties = new Map<string, string>();
  const { command } = context;
  for (const argument of [...(command.environment('JAVA_OPTS')?.value.split(/\s+/) ?? []), ...command.arguments]) {
    const match = /^-D([\w.-]{1,200})=(.*)$/.exec(argument);
    if (match !== null) properties.set(match[1]!, match[2]!);
  }
  const bind = command.option('b')?.value ?? command.environment('WILDFLY_BIND')?.value;
  if (bind !== undefined) properties.set('jboss.bind.address', bind);
  const management = command.option('bmanagement')?.value;
  if (management !== undefined) properties.set('jboss.bind.address.management', management);
  return properties;
}

function configurationFile(context: PortContext): string | undefined {
  const { command, files } = context;
  const home = command.environment('JBOSS_HOME')?.value ?? command.environment('WILDFLY_HOME')?.value;
  const name =
    command.option('c', 'server-config')?.value ?? command.environment('WILDFLY_CONFIG')?.value ?? 'standalone.xml';
  const program = command.program.replace(/\/bin\/[^/]*$/, '');
  const bases = [
    home,
    program.startsWith('/') ? program : undefined,
    '/opt/wildfly',
    '/opt/jboss',
    '/usr/share/wildfly',
  ];
  return files.first(bases.flatMap((base) => (base === undefined ? [] : [`${base}/standalone/configuration/${name}`])));
}
