import { joinPath, parentPath } from '../../../model/path.js';
import { collectFindings } from '../findings.js';
import type { LineStyle } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import { fallback, fromFile, isNo, lastOf, readLines } from '../settings.js';

const STYLE: LineStyle = { separator: '=', comments: '#' };

/** https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_configuration */
export const zookeeper: PortReader = {
  name: 'zookeeper',
  programs: [
    'zookeeper',
    'zkServer.sh',
    'zkServer',
    'QuorumPeerMain',
    'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    'zookeeper-server-start.sh',
  ],
  packages: ['zookeeper', 'zookeeperd'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const named = context.command.arguments.find((argument) => /\.(?:cfg|properties)$/.test(argument));
    const path =
      named ??
      context.files.first(['/etc/zookeeper/conf/zoo.cfg', '/etc/zookeeper/zoo.cfg', '/opt/zookeeper/conf/zoo.cfg']);
    const entries = await readLines(context.files, path, STYLE);
    if (path === undefined) return findings.done();
    for (const [portKey, addressKey] of [
      ['clientPort', 'clientPortAddress'],
      ['secureClientPort', 'secureClientPortAddress'],
    ] as const) {
      const port = lastOf(entries, portKey);
      if (port !== undefined) findings.add(lastOf(entries, addressKey)?.value ?? '', port.value, port);
    }
    // In an ensemble each member listens for elections; only its leader for followers as well.
    const folder = lastOf(entries, 'dataDir')?.value;
    const id = folder === undefined ? null : ((await context.files.read(joinPath(folder, 'myid'))) ?? '').trim();
    const members = entries.filter((entry) => /^server\.\d+$/.test(entry.key));
    const self = members.length > 1 ? members.find((entry) => entry.key === `server.${id}`) : undefined;
    const match = self === undefined ? null : /^([^:]+):(\d+):(\d+)/.exec(self.value);
    if (match !== null) findings.add(match[1]!, match[3]!, fromFile(self!));
    // The admin server needs Jetty, which distributions leave out.
    const admin = lastOf(entries, 'admin.enableServer');
    const port = lastOf(entries, 'admin.serverPort') ?? fallback(context, path, 8080);
    if (!isNo(admin?.value) && hasJetty(context, path)) {
      findings.add(lastOf(entries, 'admin.serverAddress')?.value ?? '', port.value, port);
    }
    return findings.done();
  },
};

function hasJetty(context: PortContext, path: string): boolean {
  const folders = [`${parentPath(parentPath(path))}/lib`, '/opt/zookeeper/lib', '/usr/share/zookeeper/lib'];
  return folders.some((folder) => context.fs.list(folder).some((name) => name.startsWith('jetty-server')));
}
