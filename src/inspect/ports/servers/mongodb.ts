import type { InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { parseLines } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, readYaml } from '../settings.js';

/** https://www.mongodb.com/docs/manual/reference/configuration-options/#net-options and the older `key = value` form. */
export const mongodb: PortReader = {
  name: 'mongodb',
  programs: ['mongod', 'mongos', 'mongodb'],
  packages: ['mongodb-org-server', 'mongodb-server', 'mongodb-server-core', 'mongodb'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    const path = command.option('config', 'f')?.value ?? files.first(['/etc/mongod.conf', '/etc/mongodb.conf']);
    const leaves = await readOptions(context, path);
    const setting = (flag: string, ...keys: string[]): Setting | undefined => {
      const leaf = leaves.findLast((candidate) => keys.includes(candidate.key));
      return command.option(flag) ?? (leaf === undefined ? undefined : fromFile(leaf));
    };
    const role = setting('configsvr', 'sharding.clusterRole', 'configsvr')?.value;
    const isConfigServer = command.has('configsvr') || role === 'configsvr' || role === 'true';
    const isShard = command.has('shardsvr') || role === 'shardsvr';
    const port =
      setting('port', 'net.port', 'port') ?? fallback(context, path, isConfigServer ? 27019 : isShard ? 27018 : 27017);
    const all = setting('bind_ip_all', 'net.bindIpAll', 'bind_ip_all');
    const bind = setting('bind_ip', 'net.bindIp', 'bind_ip');
    const isIpv6 = command.has('ipv6') || setting('ipv6', 'net.ipv6', 'ipv6')?.value === 'true';
    // Loopback is the default since 3.6; before it, packages set it in the file.
    const silent = isAtLeast(context.version, '3.6') ? 'localhost' : '0.0.0.0';
    const hosts =
      command.has('bind_ip_all') || all?.value === 'true'
        ? isIpv6
          ? ['0.0.0.0', '::']
          : ['0.0.0.0']
        : (bind?.value ?? silent).split(',');
    const origin = port.evidence.line === undefined && bind !== undefined ? bind : port;
    for (const host of hosts.map((text) => text.trim())) {
      if (host.startsWith('/')) findings.socket(host);
      // Without `ipv6` names give their IPv4 address alone.
      else findings.add(host === 'localhost' && !isIpv6 ? '127.0.0.1' : host, port.value, origin);
    }
    const socketOff = setting('nounixsocket', 'net.unixDomainSocket.enabled', 'nounixsocket')?.value;
    if (socketOff !== 'false' && socketOff !== 'true') {
      findings.socket(
        `${setting('unixSocketPrefix', 'net.unixDomainSocket.pathPrefix')?.value ?? '/tmp'}/mongodb-${port.value}.sock`,
      );
    }
    return findings.done();
  },
};

async function readOptions(
  context: PortContext,
  path: string | undefined,
): Promise<InFile<{ key: string; value: string; line: number }>[]> {
  const text = path === undefined ? null : await context.files.read(path);
  if (text === null) return [];
  const old = parseLines(text, { separator: '=', comments: '#' }).filter(
    (entry) => /^\w+$/.test(entry.key) && entry.value !== '',
  );
  return old.length > 0 ? old.map((entry) => ({ ...entry, path: path! })) : readYaml(context.files, path);
}
