import { displayPath, parentPath } from '../../../model/path.js';
import { absolute, type ConfigFiles, type InFile } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { NGINX_STYLE, parseBlocks, type Statement } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import { isAtLeast } from '../settings.js';

/** https://nginx.org/en/docs/http/ngx_http_core_module.html#listen, and the same of the stream and mail modules. */
export const nginx: PortReader = {
  name: 'nginx',
  programs: ['nginx', 'openresty', 'nginx-debug', 'angie', 'freenginx'],
  packages: ['nginx', 'nginx-core', 'nginx-full', 'nginx-light', 'nginx-extras', 'openresty'],
  async read(context) {
    const findings = await collectFindings(context);
    const prefix = context.command.option('p')?.value ?? '/etc/nginx';
    const configured = context.command.option('c')?.value;
    const main = configured !== undefined ? absolute(configured, prefix) : context.files.first(MAIN_FILES);
    if (main === undefined) return findings.done();
    const listens: Listen[] = [];
    for (const { server, protocol } of await servers(context.files, main)) {
      const own = server.listens.map((listen) => readListen(listen, findings)).filter((listen) => listen !== null);
      if (server.listens.length === 0 && protocol === 'http') own.push(silentServer(server));
      listens.push(...own);
    }
    // Before 1.3.4, `ipv6only` was off unless set.
    const shares = !isAtLeast(context.version, '1.3.4');
    for (const listen of withoutCovered(listens)) {
      for (const port of listen.ports) {
        const host = listen.host === '::' && (listen.both || shares) ? '*' : listen.host;
        findings.add(host, port, listen, listen.protocol);
      }
    }
    return findings.done();
  },
};

const MAIN_FILES = [
  '/etc/nginx/nginx.conf',
  '/usr/local/nginx/conf/nginx.conf',
  '/usr/local/openresty/nginx/conf/nginx.conf',
];
const MAX_INCLUDES = 2000;

interface Server {
  readonly listens: readonly InFile<Statement>[];
  readonly path: string;
  readonly line: number;
}

interface Listen {
  readonly host: string;
  readonly ports: readonly number[];
  readonly protocol: 'tcp' | 'udp';
  /** `ipv6only=off`. */
  readonly both: boolean;
  readonly evidence: { path: string; line: number };
}

async function servers(files: ConfigFiles, main: string): Promise<{ server: Server; protocol: string }[]> {
  const found: { server: Server; protocol: string }[] = [];
  const budget = { left: MAX_INCLUDES };
  for (const top of await included(files, parseFile(await files.read(main), main), parentPath(main), budget)) {
    const protocol = top.words[0]!;
    if (top.block === null || !['http', 'stream', 'mail'].includes(protocol)) continue;
    const inside = top.block.map((statement) => ({ ...statement, path: top.path }));
    for (const statement of await included(files, inside, parentPath(main), budget)) {
      if (statement.words[0] !== 'server' || statement.block === null) continue;
      const block = statement.block.map((inner) => ({ ...inner, path: statement.path }));
      const listens = (await included(files, block, parentPath(main), budget)).filter(
        (inner) => inner.words[0] === 'listen' && inner.words.length > 1,
      );
      found.push({ server: { listens, path: statement.path, line: statement.line }, protocol });
    }
  }
  return found;
}

/** Puts included files in the place of `include`; relative patterns start at the folder of the main file. */
async function included(
  files: ConfigFiles,
  statements: readonly InFile<Statement>[],
  folder: string,
  budget: { left: number },
  depth = 0,
): Promise<InFile<Statement>[]> {
  const result: InFile<Statement>[] = [];
  for (const statement of statements) {
    if (statement.words[0] !== 'include' || statement.words[1] === undefined) {
      result.push(statement);
      continue;
    }
    for (const path of files.expand(statement.words[1], folder)) {
      budget.left -= 1;
      if (depth >= 16 || budget.left < 0) {
        files.problems.push({
          code: 'include-loop',
          path: displayPath(path),
          reason: 'included too deep or too often',
        });
        return result;
      }
      result.push(...(await included(files, parseFile(await files.read(path), path), folder, budget, depth + 1)));
    }
  }
  return result;
}

function parseFile(text: string | null, path: string): InFile<Statement>[] {
  return text === null ? [] : parseBlocks(text, NGINX_STYLE).map((statement) => ({ ...statement, path }));
}

function readListen(statement: InFile<Statement>, findings: Findings): Listen | null {
  const [, address = '', ...parameters] = statement.words;
  const evidence = { path: statement.path, line: statement.line };
  if (address.startsWith('unix:')) {
    findings.socket(address.slice('unix:'.length));
    return null;
  }
  const match = /^(?:(\[[^\]]*\]|[^:\s]*[^:\d\s-][^:\s]*|\*)(?::|$))?(\d{1,5})?(?:-(\d{1,5}))?$/.exec(address);
  if (match === null) {
    findings.problem('address-unreadable', statement.path, `line ${statement.line}: listen ${address.slice(0, 80)}`);
    return null;
  }
  const first = Number(match[2] ?? 80);
  const last = Math.min(Number(match[3] ?? first), first + 1000, 65535);
  const host = match[1] ?? '0.0.0.0';
  return {
    host: host === '*' ? '0.0.0.0' : host.replace(/^\[|\]$/g, ''),
    ports: Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) => first + index),
    protocol: parameters.includes('udp') || parameters.includes('quic') || parameters.includes('http3') ? 'udp' : 'tcp',
    both: parameters.includes('ipv6only=off'),
    evidence,
  };
}

/** A server without `listen` takes `*:80` (as root, which the master process is). */
function silentServer(server: Server): Listen {
  const evidence = { path: server.path, line: server.line };
  return { host: '0.0.0.0', ports: [80], protocol: 'tcp', both: false, evidence };
}

/** nginx binds a port once for all addresses of a family when one of its servers asks for the wildcard. */
function withoutCovered(listens: readonly Listen[]): Listen[] {
  const wild = new Set<string>();
  for (const listen of listens) {
    for (const port of listen.ports) {
      if (listen.host === '0.0.0.0' || (listen.host === '::' && listen.both)) wild.add(`4/${listen.protocol}/${port}`);
      if (listen.host === '::') wild.add(`6/${listen.protocol}/${port}`);
    }
  }
  return listens.map((listen) => {
    if (listen.host === '0.0.0.0' || listen.host === '::') return listen;
    const family = listen.host.includes(':') ? 6 : 4;
    return { ...listen, ports: listen.ports.filter((port) => !wild.has(`${family}/${listen.protocol}/${port}`)) };
  });
}
