import { parentPath } from '../../../model/path.js';
import { parseEndpoint } from '../addresses.js';
import { absolute, type ConfigFiles, type InFile } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { parseBlocks, type Statement, walkStatements } from '../formats/blocks.js';
import type { PortContext, PortFindings, PortReader } from '../reader.js';
import { fallback, fromFile, lastOf, readYaml } from '../settings.js';

/** Where `--resume` finds what the API set last, with Debian's home of the user. */
const AUTOSAVE = '/var/lib/caddy/.config/caddy/autosave.json';
const STYLE = { ends: 'newline', comments: ['#'] } as const;

/** https://caddyserver.com/docs/caddyfile/concepts#addresses, automatic HTTPS and the admin endpoint included. */
export const caddy: PortReader = {
  name: 'caddy',
  programs: ['caddy', 'caddy-api'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    const resumed = command.has('resume') ? context.files.first([AUTOSAVE]) : undefined;
    const main =
      resumed ??
      command.option('config', 'c')?.value ??
      (command.has('resume') ? undefined : context.files.first(['/etc/caddy/Caddyfile', '/etc/caddy/caddy.json']));
    if (main === undefined) {
      findings.endpoint(command.builtIn('localhost:2019'));
      return findings.done();
    }
    if (main.endsWith('.json') || command.option('adapter')?.value === 'json') return readJson(context, main, findings);
    const written = await readStatements(context.files, main, 0);
    const snippets = new Map(written.map((statement) => [statement.words[0] ?? '', statement]));
    const statements: Site[] = [];
    for (const { words, line, path, block } of written.slice(0, MAX_SITES)) {
      const inside = block === null ? null : await withImports(context.files, block, path, snippets, 0);
      statements.push({ words, line, path, block: inside });
    }
    const global = statements[0]?.words.length === 0 ? statements[0] : undefined;
    const option = (name: string): InFile<Statement> | undefined =>
      global?.block?.find((statement) => statement.words[0] === name);
    addAdmin(context, main, option('admin'), findings);
    const plan: Plan = {
      httpPort: option('http_port')?.words[1] ?? '80',
      httpsPort: option('https_port')?.words[1] ?? '443',
      defaultBind: option('default_bind')?.words.slice(1) ?? [],
      automatic: option('auto_https')?.words[1] ?? 'on',
      variables: context.service.environment,
    };
    for (const site of statements) {
      if (site === global || site.block === null || /^\(/.test(site.words[0] ?? '')) continue;
      addSite(site, plan, findings);
    }
    return findings.done();
  },
};

/** A site, the global options or a snippet, with what its imports bring in their places. */
type Site = Omit<InFile<Statement>, 'block'> & { readonly block: readonly InFile<Statement>[] | null };

const MAX_SITES = 5000;

/** `import` inside of a block takes a snippet of the name, or files. */
async function withImports(
  files: ConfigFiles,
  block: readonly Statement[],
  path: string,
  snippets: ReadonlyMap<string, InFile<Statement>>,
  depth: number,
): Promise<InFile<Statement>[]> {
  const result: InFile<Statement>[] = [];
  for (const statement of block) {
    const name = statement.words[0] === 'import' && statement.block === null ? (statement.words[1] ?? '') : null;
    const snippet = name === null ? undefined : snippets.get(`(${name})`);
    if (name === null || depth > 8 || result.length > 10_000) result.push({ ...statement, path });
    else if (snippet !== undefined && files.mayInclude(snippet.path))
      result.push(...(await withImports(files, snippet.block ?? [], snippet.path, snippets, depth + 1)));
    else {
      for (const included of files.expand(absolute(name, parentPath(path))).slice(0, 200)) {
        if (!files.mayInclude(included)) break;
        const parsed = parseBlocks((await files.read(included)) ?? '', STYLE);
        result.push(...(await withImports(files, parsed, included, snippets, depth + 1)));
      }
    }
  }
  return result;
}

interface Plan {
  readonly httpPort: string;
  readonly httpsPort: string;
  readonly defaultBind: readonly string[];
  readonly automatic: string;
  readonly variables: Readonly<Record<string, string>>;
}

function addAdmin(context: PortContext, main: string, admin: InFile<Statement> | undefined, findings: Findings): void {
  if (admin?.words[1] === 'off') return;
  const given = context.command.environment('CADDY_ADMIN');
  if (admin?.words[1] !== undefined)
    findings.endpoint({ value: admin.words[1], evidence: { path: admin.path, line: admin.line } }, { port: 2019 });
  else findings.endpoint(given ?? fallback(context, main, 'localhost:2019'), { port: 2019 });
}

function addSite(site: Site, plan: Plan, findings: Findings): void {
  const origin = { evidence: { path: site.path, line: site.line } };
  const inside = [...walkStatements(site.block ?? [])].map(({ statement }) => statement.words);
  const bound =
    inside
      .find((words) => words[0] === 'bind')
      ?.slice(1)
      .filter((word) => word !== '{') ?? [];
  const hosts = bound.length > 0 ? bound : plan.defaultBind.length > 0 ? plan.defaultBind : [''];
  const hasTls = inside.some((words) => words[0] === 'tls');
  for (const key of site.words.join(' ').split(/[\s,]+/)) {
    if (key === '') continue;
    const address = expandVariables(key, plan.variables);
    const [, scheme = '', rest = ''] = /^(?:(https?):\/\/)?(.*)$/s.exec(address)!;
    const endpoint = parseEndpoint(rest) ?? { host: rest, port: '' };
    const isHttps =
      scheme === 'https' ||
      (scheme === '' &&
        (endpoint.port === plan.httpsPort ||
          hasTls ||
          (endpoint.host !== '' && endpoint.port !== plan.httpPort && plan.automatic !== 'off')));
    const port = endpoint.port || (isHttps ? plan.httpsPort : plan.httpPort);
    for (const host of hosts) {
      if (host.startsWith('unix/')) {
        findings.socket(host.slice('unix/'.length).replace(/\|.*/, ''));
        continue;
      }
      findings.add(host, port, origin);
      if (!isHttps) continue;
      // HTTP/3 comes with TLS (since 2.6), the redirect with a name to redirect to.
      findings.add(host, port, origin, 'udp');
      if (endpoint.host !== '' && plan.automatic === 'on') findings.add(host, plan.httpPort, origin);
    }
  }
}

async function readJson(context: PortContext, path: string, findings: Findings): Promise<PortFindings> {
  const leaves = await readYaml(context.files, path);
  for (const leaf of leaves) {
    if (/^apps\.http\.servers\.[^.]+\.listen\.\d+$/.test(leaf.key)) findings.endpoint(fromFile(leaf));
  }
  if (lastOf(leaves, 'admin.disabled')?.value !== 'true') {
    findings.endpoint(lastOf(leaves, 'admin.listen') ?? fallback(context, path, 'localhost:2019'), { port: 2019 });
  }
  return findings.done();
}

async function readStatements(files: ConfigFiles, path: string, depth: number): Promise<InFile<Statement>[]> {
  const text = await files.read(path);
  if (text === null || depth > 16) return [];
  const result: InFile<Statement>[] = [];
  const parsed = parseBlocks(text, STYLE);
  // A file of one site may do without braces: its first line is the address.
  const braced = parsed.some(
    (statement) =>
      statement.block !== null && statement.words[0] !== undefined && !/^[a-z_]+$/.test(statement.words[0]),
  );
  if (
    depth === 0 &&
    !braced &&
    parsed[0] !== undefined &&
    parsed[0].block === null &&
    parsed[0].words[0] !== 'import'
  ) {
    return [{ words: parsed[0].words, line: parsed[0].line, block: parsed.slice(1), path }];
  }
  for (const statement of joinedAddresses(parsed)) {
    if (statement.words[0] === 'import' && statement.block === null) {
      for (const included of files.expand(absolute(statement.words[1] ?? '', parentPath(path)))) {
        if (!files.mayInclude(included)) break;
        result.push(...(await readStatements(files, included, depth + 1)));
      }
    } else result.push({ ...statement, path });
  }
  return result;
}

/** Addresses may go on in the next line after a comma. */
function joinedAddresses(statements: readonly Statement[]): Statement[] {
  const result: Statement[] = [];
  for (const statement of statements) {
    const previous = result.at(-1);
    if (previous?.block === null && previous.words.at(-1)?.endsWith(',') === true) {
      result[result.length - 1] = { ...statement, words: [...previous.words, ...statement.words], line: previous.line };
    } else result.push(statement);
  }
  return result;
}

/** `{$NAME}` and `{$NAME:default}`. */
function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(
    /\{\$([A-Za-z_]\w{0,100})(?::([^}]{0,200}))?\}/g,
    (_whole, name: string, otherwise: string | undefined) => {
      return (Object.hasOwn(variables, name) ? variables[name] : undefined) ?? otherwise ?? '';
    },
  );
}
