import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { fallback, lastOf, readYaml } from '../settings.js';

/** https://cassandra.apache.org/doc/latest/cassandra/managing/configuration/cass_yaml_file.html, cassandra-env.sh for JMX. */
export const cassandra: PortReader = {
  name: 'cassandra',
  programs: ['cassandra', 'CassandraDaemon', 'org.apache.cassandra.service.CassandraDaemon'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { files } = context;
    const folder = context.command.environment('CASSANDRA_CONF')?.value ?? '/etc/cassandra';
    const path = files.first([
      `${folder}/cassandra.yaml`,
      `${folder}/conf/cassandra.yaml`,
      '/etc/cassandra/default.conf/cassandra.yaml',
      '/opt/cassandra/conf/cassandra.yaml',
    ]);
    if (path === undefined) return findings.done();
    const leaves = await readYaml(files, path);
    const value = (key: string): string | undefined => lastOf(leaves, key)?.value || undefined;
    const listen = value('listen_address') ?? 'localhost';
    const rpc = value('rpc_address') ?? 'localhost';
    const storage = lastOf(leaves, 'storage_port') ?? fallback(context, path, 7000);
    findings.add(single(listen), storage.value, storage);
    if (value('start_native_transport') !== 'false') {
      const native = lastOf(leaves, 'native_transport_port') ?? fallback(context, path, 9042);
      findings.add(single(rpc), native.value, native);
    }
    if (value('start_rpc') === 'true')
      findings.add(single(rpc), value('rpc_port') ?? 9160, lastOf(leaves, 'start_rpc')!);
    const scriptPath = path.replace(/[^/]*$/, 'cassandra-env.sh');
    const script = await files.read(scriptPath);
    const lines = (script ?? '').split('\n');
    const at = lines.findIndex((line) => /^\s*JMX_PORT="?\d+"?/.test(line));
    // JMX is loopback unless LOCAL_JMX=no.
    const isRemote =
      context.command.environment('LOCAL_JMX')?.value === 'no' || lines.some((line) => /^\s*LOCAL_JMX=no/.test(line));
    if (at !== -1)
      findings.add(isRemote ? '*' : '127.0.0.1', /\d+/.exec(lines[at]!)![0], {
        evidence: { path: scriptPath, line: at + 1 },
      });
    return findings.done();
  },
};

/** Java takes the first address of a name. */
function single(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host;
}
