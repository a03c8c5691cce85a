import { collectFindings } from '../findings.js';
import { HCL_STYLE, parseBlocks } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fromFile, readYaml } from '../settings.js';

/** https://developer.hashicorp.com/vault/docs/configuration/listener/tcp; OpenBao is the same. */
export const vault: PortReader = {
  name: 'vault',
  programs: ['vault', 'bao', 'openbao'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files, fs } = context;
    const named = command.options('config').map((setting) => setting.value);
    const paths = named
      .flatMap((path) => (fs.stat(path)?.type === 'directory' ? files.folder(path) : [path]))
      .filter((path) => /\.(?:hcl|json)$/.test(path));
    if (command.has('dev'))
      findings.endpoint(command.option('dev-listen-address') ?? command.builtIn('127.0.0.1:8200'));
    for (const path of paths) {
      if (path.endsWith('.json')) {
        for (const leaf of await readYaml(files, path)) {
          if (/^listener(?:\.\d+)?\.tcp(?:\.\d+)?\.address$/.test(leaf.key))
            findings.endpoint(fromFile(leaf), { port: 8200 });
        }
        continue;
      }
      const statements = parseBlocks((await files.read(path)) ?? '', HCL_STYLE);
      // High availability opens the port after it, too: raft and consul do, a folder on disk does not.
      const isAvailable = statements.some(
        ({ words }) =>
          words[0] === 'ha_storage' ||
          (words[0] === 'storage' && /raft|consul|etcd|zookeeper|dynamodb|postgresql/.test(words[1] ?? '')),
      );
      for (const listener of statements.filter(({ words }) => words[0] === 'listener' && words[1] === 'tcp')) {
        const value = (name: string): Setting | undefined => {
          const found = listener.block?.find(({ words }) => words[0] === name);
          return found === undefined ? undefined : { value: found.words.at(-1)!, evidence: { path, line: found.line } };
        };
        const address = value('address') ?? { value: '127.0.0.1:8200', evidence: { path, line: listener.line } };
        findings.endpoint(address, { port: 8200 });
        const cluster = value('cluster_address');
        if (cluster !== undefined) findings.endpoint(cluster, { port: 8201 });
        else if (isAvailable)
          findings.endpoint(
            { ...address, value: address.value.replace(/:(\d+)$/, (_whole, port: string) => `:${Number(port) + 1}`) },
            { port: 8201 },
          );
      }
    }
    return findings.done();
  },
};
