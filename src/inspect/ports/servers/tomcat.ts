import { joinPath } from '../../../model/path.js';
import { collectFindings } from '../findings.js';
import { PROPERTIES_STYLE, parseLines } from '../formats/lines.js';
import { parseXml, walkXml } from '../formats/xml.js';
import type { PortContext, PortReader } from '../reader.js';
import { expandPlaceholders, isAtLeast } from '../settings.js';

/** https://tomcat.apache.org/tomcat-10.1-doc/config/: Server, Connector; properties of catalina.properties and -D are filled in. */
export const tomcat: PortReader = {
  name: 'tomcat',
  programs: [
    'tomcat',
    'Bootstrap',
    'org.apache.catalina.startup.Bootstrap',
    'tomcat-start.sh',
    'catalina.sh',
    'startup.sh',
    'tomee',
  ],
  packages: ['tomcat10', 'tomcat9', 'tomcat8', 'tomcat7', 'tomcat'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const folder = await configurationFolder(context);
    if (folder === undefined) return findings.done();
    const path = joinPath(folder, 'server.xml');
    const roots = parseXml((await context.files.read(path)) ?? '');
    if (roots === null) {
      findings.problem('config-unreadable', path, 'not well-formed XML');
      return findings.done();
    }
    const properties = await javaProperties(context, joinPath(folder, 'catalina.properties'));
    for (const { element } of walkXml(roots)) {
      const attribute = (name: string): string | undefined => {
        const raw = element.attributes.get(name);
        return raw === undefined ? undefined : expandPlaceholders(raw, (key) => properties.get(key));
      };
      const origin = { evidence: { path, line: element.line } };
      if (element.name === 'Server' && attribute('port') !== '-1') {
        findings.add(
          attribute('address') ?? '127.0.0.1',
          Number(attribute('port') ?? 8005) + Number(attribute('portOffset') ?? 0),
          origin,
        );
      }
      if (element.name !== 'Connector') continue;
      // AJP listens on loopback since 9.0.31 and 8.5.51 unless an address is set.
      const isAjp = /ajp/i.test(attribute('protocol') ?? '');
      const silent = isAjp && isAtLeast(context.version, '8.5.51') ? 'localhost' : '';
      const port = attribute('port');
      if (port !== undefined && port !== '-1')
        findings.add(
          silent === 'localhost' && attribute('address') === undefined ? '127.0.0.1' : (attribute('address') ?? silent),
          Number(port) + Number(attribute('portOffset') ?? 0) || port,
          origin,
        );
    }
    return findings.done();
  },
};

async function configurationFolder(context: PortContext): Promise<string | undefined> {
  const { command, files } = context;
  const base =
    systemProperty(command.arguments, 'catalina.base') ??
    command.environment('CATALINA_BASE')?.value ??
    command.environment('CATALINA_HOME')?.value;
  const named = /tomcat(\d+)/.exec(context.service.name)?.[0];
  const folders = [
    base === undefined ? undefined : `${base}/conf`,
    named === undefined ? undefined : `/etc/${named}`,
    named === undefined ? undefined : `/var/lib/${named}/conf`,
    '/etc/tomcat', '/etc/tomcat10', '/etc/tomcat9', '/etc/tomcat8', '/opt/tomcat/conf', '/usr/share/tomcat/conf',
    context.service.workingDirectory === null ? undefined : `${context.service.workingDirectory}/conf`,
  ].filter((path) => path !== undefined); // biome-ignore format: a list
  return folders.find((path) => files.first([`${path}/server.xml`]) !== undefined);
}

async function javaProperties(context: PortContext, path: string): Promise<Map<string, string>> {
  const properties = new Map<string, string>();
  for (const { key, value } of parseLines((await context.files.read(path)) ?? '', PROPERTIES_STYLE))
    properties.set(key, value);
  const options = ['JAVA_OPTS', 'CATALINA_OPTS'].flatMap((name) =>
    (context.command.environment(name)?.value ?? '').split(/\s+/),
  );
  for (const argument of [...options, ...context.command.arguments]) {
    const match = /^-D([\w.-]{1,200})=(.*)$/.exec(argument);
    if (match !== null) properties.set(match[1]!, match[2]!);
  }
  return properties;
}

function systemProperty(words: readonly string[], name: string): string | undefined {
  return words.findLast((word) => word.startsWith(`-D${name}=`))?.slice(name.length + 3);
}
