import { parentPath } from '../../../model/path.js';
import { absolute, type ConfigFiles } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { parseBlocks, type Statement } from '../formats/blocks.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, isNo } from '../settings.js';

const STYLE = { ends: 'newline', comments: ['#'], operators: '=' } as const;

/** What each login service listens on unless told otherwise (src/…/*-settings.c), and the protocol that switches it on. */
const LISTENERS: readonly { service: string; protocol: string; name: string; port: number; ssl: boolean }[] = [
  { service: 'imap-login', protocol: 'imap', name: 'imap', port: 143, ssl: false },
  { service: 'imap-login', protocol: 'imap', name: 'imaps', port: 993, ssl: true },
  { service: 'pop3-login', protocol: 'pop3', name: 'pop3', port: 110, ssl: false },
  { service: 'pop3-login', protocol: 'pop3', name: 'pop3s', port: 995, ssl: true },
  { service: 'submission-login', protocol: 'submission', name: 'submission', port: 587, ssl: false },
  { service: 'submission-login', protocol: 'submission', name: 'submissions', port: 465, ssl: true },
  { service: 'managesieve-login', protocol: 'sieve', name: 'sieve', port: 4190, ssl: false },
];

/** https://doc.dovecot.org/configuration_manual/service_configuration/ */
export const dovecot: PortReader = {
  name: 'dovecot',
  programs: ['dovecot'],
  packages: ['dovecot-core', 'dovecot'],
  async read(context) {
    const findings = await collectFindings(context);
    const main = context.command.option('c')?.value ?? '/etc/dovecot/dovecot.conf';
    const configuration: Configuration = { values: new Map(), listeners: new Map() };
    for (const statement of await readFile(context.files, main, { files: MAX_FILES }, 0)) {
      const [name = '', second = ''] = statement.words;
      const setting = assignment(statement);
      if (setting !== null)
        configuration.values.set(name, { ...setting, value: expandOld(setting.value, name, configuration) });
      else if (name === 'service' && statement.block !== null) readService(statement.block, second, configuration);
    }
    const value = (name: string): string | undefined => configuration.values.get(name)?.value;
    const protocols = new Set((value('protocols') ?? 'imap pop3 lmtp').split(/[\s,]+/));
    const global = configuration.values.get('listen') ?? fallback(context, main, '*, ::');
    const withoutSsl = isNo(value('ssl'));
    for (const known of LISTENERS) {
      const key = `${known.service}/${known.name}`;
      if (!configuration.listeners.has(key)) configuration.listeners.set(key, new Map());
    }
    for (const [key, listener] of configuration.listeners) {
      const known = LISTENERS.find((candidate) => key === `${candidate.service}/${candidate.name}`);
      const service = key.slice(0, key.indexOf('/'));
      const protocol =
        known?.protocol ??
        LISTENERS.find((candidate) => candidate.service === service)?.protocol ??
        PROTOCOL_OF[service];
      if (protocol !== undefined && !protocols.has(protocol)) continue;
      const ssl = listener.get('ssl')?.value;
      if (withoutSsl && (ssl === undefined ? known?.ssl === true : !isNo(ssl))) continue;
      const enabledBy = configuration.values.get('protocols');
      const port =
        listener.get('port') ??
        (known === undefined ? undefined : { ...(enabledBy ?? fallback(context, main, 0)), value: String(known.port) });
      if (port === undefined || port.value === '0') continue;
      const hosts = (listener.get('address') ?? listener.get('listen') ?? global).value.split(/[\s,]+/).filter(Boolean);
      // `*` is IPv4 alone here.
      for (const host of hosts) findings.add(host === '*' ? '0.0.0.0' : host.replace(/^\[|\]$/g, ''), port.value, port);
    }
    return findings.done();
  },
};

const PROTOCOL_OF: Readonly<Record<string, string>> = { lmtp: 'lmtp', imap: 'imap', pop3: 'pop3' };

interface Configuration {
  readonly values: Map<string, Setting>;
  /** `service/listener` → its settings. */
  readonly listeners: Map<string, Map<string, Setting>>;
}

/** A statement with the file it stands in; included statements stand in the place of the line that includes them. */
interface Placed {
  readonly words: readonly string[];
  readonly line: number;
  readonly path: string;
  readonly block: readonly Placed[] | null;
}

const MAX_FILES = 2000;

async function readFile(files: ConfigFiles, path: string, budget: { files: number }, depth: number): Promise<Placed[]> {
  budget.files -= 1;
  const text = depth > 16 || budget.files < 0 ? null : await files.read(path);
  return text === null ? [] : place(files, parseBlocks(text, STYLE), path, budget, depth);
}

async function place(
  files: ConfigFiles,
  statements: readonly Statement[],
  path: string,
  budget: { files: number },
  depth: number,
): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (const { words, line, block } of statements) {
    if (words[0] === '!include' || words[0] === '!include_try') {
      for (const included of files.expand(absolute(words[1] ?? '', parentPath(path))))
        placed.push(...(await readFile(files, included, budget, depth + 1)));
    } else {
      placed.push({ words, line, path, block: block === null ? null : await place(files, block, path, budget, depth) });
    }
  }
  return placed;
}

/** `protocols = $protocols imap` adds to what was there. */
function expandOld(text: string, name: string, configuration: Configuration): string {
  return text
    .slice(0, 2000)
    .replace(/\$(?:SET:)?(\w{1,100})/g, (_whole, variable: string) =>
      (configuration.values.get(variable === '' ? name : variable)?.value ?? '').slice(0, 200),
    );
}

function readService(block: readonly Placed[], name: string, configuration: Configuration): void {
  for (const inner of block) {
    if (inner.words[0] !== 'inet_listener' || inner.block === null) continue;
    const key = `${name}/${inner.words[1] ?? ''}`;
    const settings = configuration.listeners.get(key) ?? new Map<string, Setting>();
    configuration.listeners.set(key, settings);
    for (const statement of inner.block) {
      const setting = assignment(statement);
      if (setting !== null) settings.set(statement.words[0]!, setting);
    }
  }
}

function assignment(statement: Placed): Setting | null {
  if (statement.block !== null || statement.words[1] !== '=') return null;
  return { value: statement.words.slice(2).join(' '), evidence: { path: statement.path, line: statement.line } };
}
