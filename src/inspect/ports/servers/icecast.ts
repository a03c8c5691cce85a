import { collectFindings } from '../findings.js';
import { parseXml, walkXml } from '../formats/xml.js';
import type { PortReader } from '../reader.js';

/** icecast.xml: `port` and `bind-address` of each `listen-socket`; an old file has a `port` of its own. */
export const icecast: PortReader = {
  name: 'icecast',
  programs: ['icecast2', 'icecast'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = command.option('c')?.value ?? files.first(['/etc/icecast2/icecast.xml', '/etc/icecast.xml']);
    const text = path === undefined ? null : await files.read(path);
    if (path === undefined || text === null) return findings.done();
    const roots = parseXml(text);
    if (roots === null) findings.problem('config-unreadable', path, 'not well-formed XML');
    for (const { element, above } of walkXml(roots ?? [])) {
      const parent = above.at(-1);
      if (element.name !== 'port' || (parent?.name !== 'listen-socket' && parent?.name !== 'icecast')) continue;
      const address = parent.children.find(({ name }) => name === 'bind-address')?.text;
      findings.add(address || '*', element.text, { evidence: { path, line: element.line } });
    }
    return findings.done();
  },
};
