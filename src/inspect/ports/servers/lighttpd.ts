import { parseEndpoint } from '../addresses.js';
import type { ConfigFiles, InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { parseBlocks, type Statement, walkStatements } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, isYes } from '../settings.js';

const STYLE = { ends: 'newline', comments: ['#'], operators: '=+' } as const;

/** https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ConfigurationOptions: server.port, server.bind, `$SERVER["socket"]`. */
export const lighttpd: PortReader = {
  name: 'lighttpd',
  programs: ['lighttpd'],
  async read(context) {
    const findings = await collectFindings(context);
    const main = context.command.option('f')?.value ?? '/etc/lighttpd/lighttpd.conf';
    const statements = await readStatements(context.files, main, 0);
    const values = new Map<string, Setting>();
    const sockets: { statement: InFile<Statement>; address: string; v6only: boolean | undefined }[] = [];
    let scriptForIpv6: InFile<Statement> | undefined;
    for (const statement of statements) {
      const [name = '', operator] = statement.words;
      const evidence = { path: statement.path, line: statement.line };
      if (name === 'include_shell' && /use-ipv6/.test(statement.words[1] ?? '')) scriptForIpv6 = statement;
      else if (/^\$SERVER\["?socket"?\]/.test(name) && statement.block !== null) {
        const address = statement.words.at(-1)!.replace(/^=+/, '');
        const only = statement.block.find((inner) => inner.words[0] === 'server.set-v6only')?.words.at(-1);
        sockets.push({ statement, address, v6only: only === undefined ? undefined : isYes(only) });
      } else if (operator === '=' && statement.block === null) {
        values.set(name, { value: concatenated(statement.words.slice(2), values), evidence });
      }
    }
    const port = values.get('server.port') ?? fallback(context, main, 80);
    const bind = values.get('server.bind');
    const v6only = !/disable/.test(values.get('server.set-v6only')?.value ?? '');
    if (bind?.value.startsWith('/') === true) findings.socket(bind.value);
    else if (bind === undefined) findings.add('0.0.0.0', port.value, port);
    else
      findings.add(
        wild(bind.value.replace(/^\[|\]$/g, ''), v6only),
        port.value,
        port.evidence.line === undefined ? bind : port,
      );
    // Debian's script prints a socket for `::` with the port that it is given.
    if (scriptForIpv6 !== undefined) {
      const words = scriptForIpv6.words.slice(2).filter((word) => word !== '+');
      const given = words.map((word) => values.get(word)?.value ?? word).join('') || port.value;
      findings.add('::', given, { evidence: { path: scriptForIpv6.path, line: scriptForIpv6.line } });
    }
    for (const { statement, address, v6only: own } of sockets) {
      const evidence = { path: statement.path, line: statement.line };
      const endpoint = parseEndpoint(address);
      if (endpoint === null) findings.endpoint({ value: address, evidence });
      // An IPv4 wildcard is the family of its own; an empty host likewise.
      else findings.add(wild(endpoint.host || '0.0.0.0', own ?? v6only), endpoint.port || port.value, { evidence });
    }
    return findings.done();
  },
};

function wild(host: string, v6only: boolean): string {
  if (host === '*' || host === '') return '0.0.0.0';
  return host === '::' && !v6only ? '*' : host;
}

/** `var.a + "b" + ":80"`. */
function concatenated(words: readonly string[], values: ReadonlyMap<string, Setting>): string {
  // Bounded, since `var.a = var.a + var.a` doubles with every line.
  const pieces = words.slice(0, 50).map((word) => (word === '+' ? '' : (values.get(word)?.value ?? word)));
  return pieces.join('').slice(0, 200);
}

async function readStatements(files: ConfigFiles, path: string, depth: number): Promise<InFile<Statement>[]> {
  const text = await files.read(path);
  if (text === null || depth > 16) return [];
  const result: InFile<Statement>[] = [];
  for (const { statement, above } of walkStatements(parseBlocks(text, STYLE))) {
    if (above.some((outer) => /socket/.test(outer.words[0] ?? ''))) continue;
    const [name, argument = ''] = statement.words;
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (name === 'include') {
      for (const included of files.expand(argument, folder))
        if (files.mayInclude(included)) result.push(...(await readStatements(files, included, depth + 1)));
    } else if (name === 'include_shell' && /include-conf-enabled/.test(argument)) {
      for (const included of files.folder(`${folder}/conf-enabled`, '.conf'))
        if (files.mayInclude(included)) result.push(...(await readStatements(files, included, depth + 1)));
    } else result.push({ ...statement, path });
  }
  return result;
}
