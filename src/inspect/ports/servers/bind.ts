import { parentPath } from '../../../model/path.js';
import { absolute, type ConfigFiles, type InFile } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { BIND_STYLE, parseBlocks, type Statement } from '../formats/blocks.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, isAtLeast } from '../settings.js';

/** BIND 9 Administrator Reference Manual: `listen-on`, `listen-on-v6`, `controls`, `statistics-channels`. */
export const bind: PortReader = {
  name: 'bind',
  programs: ['named', 'bind9', 'bind', 'named-chroot', 'named-pkcs11'],
  packages: ['bind9', 'bind'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const main = command.option('c')?.value ?? context.files.first(['/etc/bind/named.conf', '/etc/named.conf']);
    if (main === undefined) return findings.done();
    const statements = await readStatements(context.files, main, 0);
    const options = statements.filter((statement) => statement.words[0] === 'options').flatMap(inside);
    const lists = new Map(
      statements.filter((statement) => statement.words[0] === 'acl').map((acl) => [acl.words[1] ?? '', acl]),
    );
    const portOption = options.find((statement) => statement.words[0] === 'port');
    const port = command.option('p')?.value ?? portOption?.words[1] ?? '53';
    if (!command.has('6')) addFamily(context, main, findings, options, lists, 4, port);
    if (!command.has('4')) addFamily(context, main, findings, options, lists, 6, port);
    addControls(context, main, findings, statements);
    for (const channel of statements
      .filter((statement) => statement.words[0] === 'statistics-channels')
      .flatMap(inside))
      addInet(findings, channel, 80);
    return findings.done();
  },
};

type Located = InFile<Statement>;

function addFamily(
  context: PortContext,
  main: string,
  findings: Findings,
  options: readonly Located[],
  lists: ReadonlyMap<string, Located>,
  family: 4 | 6,
  defaultPort: string,
): void {
  const name = family === 4 ? 'listen-on' : 'listen-on-v6';
  const wildcard = family === 4 ? '0.0.0.0' : '::';
  const written = options.filter((statement) => statement.words[0] === name);
  // Since 9.10 (bind-9.10 notes) IPv6 is on without being asked for.
  if (written.length === 0 && (family === 4 || isAtLeast(context.version, '9.10'))) {
    const origin = fallback(context, main, defaultPort);
    for (const protocol of ['tcp', 'udp'] as const) findings.add(wildcard, defaultPort, origin, protocol);
  }
  for (const statement of written) {
    const at = statement.words.indexOf('port');
    const port = at === -1 ? defaultPort : (statement.words[at + 1] ?? defaultPort);
    const encrypted = statement.words.includes('tls') || statement.words.includes('http');
    const tls = statement.words[statement.words.indexOf('tls') + 1];
    const silentPort = statement.words.includes('http') ? (tls === 'none' ? '80' : '443') : '853';
    const number = at === -1 && encrypted ? silentPort : port;
    const origin = { evidence: { path: statement.path, line: statement.line } };
    for (const address of listedAddresses(statement, lists, family, 0)) {
      findings.add(address === 'any' ? wildcard : address, number, origin, 'tcp');
      if (!encrypted) findings.add(address === 'any' ? wildcard : address, number, origin, 'udp');
    }
  }
}

/** Addresses of an address match list: `any` for the wildcard; what is negated, and networks, cannot be told offline. */
function listedAddresses(
  statement: Statement,
  lists: ReadonlyMap<string, Located>,
  family: 4 | 6,
  depth: number,
): string[] {
  if (depth > 8) return [];
  return (statement.block ?? []).flatMap(({ words }) => {
    const [word = ''] = words;
    if (word.startsWith('!') || word === 'none') return [];
    // `localhost` means every address of the machine, `localnets` those of its networks: both are more than loopback.
    if (word === 'any' || word === 'localhost' || word === 'localnets') return ['any'];
    const list = lists.get(word);
    if (list !== undefined) return listedAddresses(list, lists, family, depth + 1);
    const host = word.replace(/\/(?:32|128)$/, '');
    if (host.includes('/')) return host.startsWith('127.') ? ['127.0.0.1'] : ['any'];
    return host.includes(':') === (family === 6) ? [host] : [];
  });
}

/** Without `controls`, rndc's key file opens port 953 on loopback. */
function addControls(context: PortContext, main: string, findings: Findings, statements: readonly Located[]): void {
  const controls = statements.filter((statement) => statement.words[0] === 'controls');
  for (const control of controls.flatMap(inside)) addInet(findings, control, 953);
  const key = context.files.first([`${parentPath(main)}/rndc.key`, '/etc/rndc.key', '/etc/bind/rndc.key']);
  if (controls.length > 0 || key === undefined) return;
  for (const host of ['127.0.0.1', '::1']) findings.add(host, 953, { evidence: { path: key } });
}

/** `inet ADDRESS port N allow { … }`. */
function addInet(findings: Findings, statement: Located, defaultPort: number): void {
  const [kind, host = '*'] = statement.words;
  if (kind === 'unix') findings.socket(host);
  if (kind !== 'inet') return;
  const at = statement.words.indexOf('port');
  const setting: Setting = {
    value: at === -1 ? String(defaultPort) : (statement.words[at + 1] ?? ''),
    evidence: { path: statement.path, line: statement.line },
  };
  findings.add(host === '*' ? '0.0.0.0' : host, setting.value, setting);
}

function inside(statement: Located): Located[] {
  return (statement.block ?? []).map((inner) => ({ ...inner, path: statement.path }));
}

async function readStatements(files: ConfigFiles, path: string, depth: number): Promise<Located[]> {
  const text = await files.read(path);
  if (text === null || depth > 16) return [];
  const result: Located[] = [];
  for (const statement of parseBlocks(text, BIND_STYLE)) {
    if (statement.words[0] !== 'include') {
      result.push({ ...statement, path });
      continue;
    }
    for (const included of files.expand(absolute(statement.words[1] ?? '', '/etc/bind'))) {
      result.push(...(await readStatements(files, included, depth + 1)));
    }
  }
  return result;
}
