import { joinPath } from '../../../model/path.js';
import { collectFindings } from '../findings.js';
import { parseXml, walkXml, type XmlElement } from '../formats/xml.js';
import type { PortContext, PortReader } from '../reader.js';

/** https://activemq.apache.org/components/classic/documentation/configuring-transports: transportConnector; jetty.xml for the console. */
export const activemq: PortReader = {
  name: 'activemq',
  programs: ['activemq', 'activemq.jar'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    for (const folder of folders(context)) {
      const path = joinPath(folder, 'activemq.xml');
      const elements = await readElements(context, path);
      for (const element of elements) {
        if (element.name.replace(/^.*:/, '') !== 'transportConnector') continue;
        const uri = element.attributes.get('uri') ?? '';
        if (/^(?:tcp|nio|ssl|amqp|stomp|mqtt|ws|wss|http|https|auto)/.test(uri) && /:\d/.test(uri)) {
          findings.endpoint({
            value: uri.replace(/^(?:[a-z+]+:\/\/)/, 'tcp://'),
            evidence: { path, line: element.line },
          });
        }
      }
      // The console counts only where the main file imports it.
      const imported = elements.some(
        (element) => element.name === 'import' && /jetty\.xml$/.test(element.attributes.get('resource') ?? ''),
      );
      if (!imported) continue;
      const jetty = joinPath(folder, 'jetty.xml');
      const properties = (await readElements(context, jetty)).filter((element) => element.name === 'property');
      const host = properties.find((element) => element.attributes.get('name') === 'host');
      const port = properties.find((element) => element.attributes.get('name') === 'port');
      if (port !== undefined)
        findings.add(single(host?.attributes.get('value') ?? ''), port.attributes.get('value') ?? '', {
          evidence: { path: jetty, line: port.line },
        });
    }
    return findings.done();
  },
};

function single(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}

function folders(context: PortContext): string[] {
  const debian = context.fs
    .list('/etc/activemq/instances-enabled')
    .map((name) => `/etc/activemq/instances-enabled/${name}`);
  const others = ['/opt/activemq/conf', '/etc/activemq', '/usr/share/activemq/conf'].filter((path) =>
    context.fs.exists(`${path}/activemq.xml`),
  );
  return (debian.length > 0 ? debian : others.slice(0, 1)).slice(0, 50);
}

async function readElements(context: PortContext, path: string): Promise<XmlElement[]> {
  const roots = parseXml((await context.files.read(path)) ?? '');
  if (roots === null) context.files.problems.push({ code: 'config-unreadable', path, reason: 'not well-formed XML' });
  return [...walkXml(roots ?? [])].map(({ element }) => element);
}
