import { collectFindings } from '../findings.js';
import { HCL_STYLE, parseBlocks, walkStatements } from '../formats/blocks.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fromFile, readYaml } from '../settings.js';

/** https://developer.hashicorp.com/consul/docs/agent/config/config-files#ports */
const PORTS: readonly {
  name: string;
  silent: number;
  address: 'client' | 'bind';
  protocols: ('tcp' | 'udp')[];
  server?: true;
}[] = [
  { name: 'http', silent: 8500, address: 'client', protocols: ['tcp'] },
  { name: 'https', silent: -1, address: 'client', protocols: ['tcp'] },
  { name: 'grpc', silent: -1, address: 'client', protocols: ['tcp'] },
  { name: 'grpc_tls', silent: -1, address: 'client', protocols: ['tcp'] },
  { name: 'dns', silent: 8600, address: 'client', protocols: ['tcp', 'udp'] },
  { name: 'serf_lan', silent: 8301, address: 'bind', protocols: ['tcp', 'udp'] },
  { name: 'serf_wan', silent: 8302, address: 'bind', protocols: ['tcp', 'udp'], server: true },
  { name: 'server', silent: 8300, address: 'bind', protocols: ['tcp'], server: true },
];

export const consul: PortReader = {
  name: 'consul',
  programs: ['consul'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    if (command.arguments[0] !== undefined && command.arguments[0] !== 'agent') return findings.done();
    const settings = await readSettings(context);
    const get = (key: string): Setting | undefined => settings.get(key);
    const isDevelopment = command.has('dev');
    const isServer = isDevelopment || command.has('server') || get('server')?.value === 'true';
    const client = command.option('client')?.value ?? get('client_addr')?.value ?? '127.0.0.1';
    const bind = command.option('bind')?.value ?? get('bind_addr')?.value ?? (isDevelopment ? '127.0.0.1' : '0.0.0.0');
    for (const { name, silent, address, protocols, server } of PORTS) {
      if (server === true && !isServer) continue;
      const flag = command.option(`${name.replaceAll('_', '-')}-port`);
      const port = flag ?? get(`ports.${name}`) ?? command.builtIn(isDevelopment && name === 'grpc' ? 8502 : silent);
      if (Number(port.value) <= 0) continue;
      const own = get(`addresses.${name}`)?.value ?? (address === 'client' ? client : bind);
      for (const host of own.split(/\s+/).filter((text) => !text.includes('{{')))
        for (const protocol of protocols) findings.add(host, port.value, port, protocol);
    }
    return findings.done();
  },
};

/** Files and folders of the command line in order; later ones win. */
async function readSettings(context: PortContext): Promise<Map<string, Setting>> {
  const { command, files } = context;
  const folders = command.options('config-dir').map((setting) => setting.value);
  const named = command.options('config-file').map((setting) => setting.value);
  const paths = [...named, ...folders.flatMap((folder) => files.folder(folder))].filter((path) =>
    /\.(?:json|hcl)$/.test(path),
  );
  const settings = new Map<string, Setting>();
  for (const path of paths.slice(0, 500)) {
    if (path.endsWith('.json')) {
      for (const leaf of await readYaml(files, path)) settings.set(leaf.key, fromFile(leaf));
      continue;
    }
    for (const { statement, above } of walkStatements(parseBlocks((await files.read(path)) ?? '', HCL_STYLE))) {
      const value = statement.words
        .filter((word) => word !== '=')
        .slice(1)
        .join(' ');
      const key = [...above.map((outer) => outer.words[0] ?? ''), statement.words[0] ?? ''].join('.');
      settings.set(key, { value, evidence: { path, line: statement.line } });
    }
  }
  return settings;
}
