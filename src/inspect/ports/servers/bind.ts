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
    for (const address of listedAddresses(statement, lists, family)) {
      findings.add(address === 'any' ? wildcard : address, number, origin, 'tcp');
      if (!encrypted) findings.add(address === 'any' ? wildcard : address, number, origin, 'udp');
    }
  }
}

/**
 * What an address match list takes of the machine's interfaces: named asks for each of their addresses, and the first
 * element that knows it decides. Offline two are known, loopback and "any other" (`any` here); literals are named as
 * they are, networks of others and `localnets` hold some address, and what is taken out of the others cannot be told.
 */
function listedAddresses(statement: Statement, lists: ReadonlyMap<string, Located>, family: 4 | 6): string[] {
  const loopback = family === 4 ? '127.0.0.1' : '::1';
  const found: string[] = [];
  if (decide(statement, lists, (element) => holdsLoopback(element, family), 0) === true) found.push(loopback);
  const elements = [...flatElements(statement, lists, 0)];
  for (const { element, negated } of elements) {
    const host = element.replace(/\/(?:32|128)$/, '');
    if (element === 'any' || element === 'localhost') {
      if (!negated) return ['any'];
      break;
    }
    if (negated || host === loopback) continue;
    if (element === 'localnets' || (host.includes('/') && isOfFamily(host, family) && !/^127[./]/.test(host)))
      return ['any'];
    if (!host.includes('/') && isOfFamily(host, family)) found.push(host);
  }
  return found;
}

function isOfFamily(host: string, family: 4 | 6): boolean {
  return /^[\d.]+(?:\/\d+)?$/.test(host) ? family === 4 : family === 6 && host.includes(':');
}

/** 127.0.0.1/8 and ::1/128 are addresses of an interface, and so a network of the machine. */
function holdsLoopback(element: string, family: 4 | 6): boolean {
  if (/^(?:any|localhost|localnets)$/.test(element)) return true;
  return family === 4
    ? /^(?:127(?:\.0){0,2}(?:\.[01])?(?:\/(?:8|1\d|2\d|3[0-2]))?|0\/0|0\.0\.0\.0\/0)$/.test(element)
    : /^(?:::1(?:\/128)?|::\/0)$/.test(element);
}

/** What the first element that `holds` says of it; null when none does. */
function decide(
  list: Statement,
  lists: ReadonlyMap<string, Located>,
  holds: (element: string) => boolean,
  depth: number,
): boolean | null {
  for (const statement of depth > 8 ? [] : (list.block ?? [])) {
    const { element, negated } = elementOf(statement);
    const nested = element === '' ? statement : lists.get(element);
    const matches =
      nested === undefined ? element === 'none' || holds(element) : decide(nested, lists, holds, depth + 1) === true;
    if (matches) return (element !== 'none') !== negated;
  }
  return null;
}

/** The elements in order, those of named and nested lists in their place. */
function* flatElements(
  list: Statement,
  lists: ReadonlyMap<string, Located>,
  depth: number,
): Generator<{ element: string; negated: boolean }> {
  for (const statement of depth > 8 ? [] : (list.block ?? [])) {
    const { element, negated } = elementOf(statement);
    const nested = element === '' ? statement : lists.get(element);
    if (nested === undefined) yield element === 'none' ? { element: 'any', negated: !negated } : { element, negated };
    else
      for (const inner of flatElements(nested, lists, depth + 1))
        yield { ...inner, negated: inner.negated !== negated };
  }
}

/** `!` may stand alone; an element without a word is a list in braces. */
function elementOf({ words }: Statement): { element: string; negated: boolean } {
  const [first = '', second = ''] = words;
  const negated = first.startsWith('!');
  return { element: first === '!' ? second : first.replace(/^!/, ''), negated };
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
      if (!files.mayInclude(included)) break;
      result.push(...(await readStatements(files, included, depth + 1)));
    }
  }
  return result;
}
