import type { ConfigFiles } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** syslog-ng.conf(5), drivers of sources: their usual protocol, port and addresses. */
const DRIVERS: Readonly<
  Record<string, { readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly host: string }>
> = {
  udp: { protocol: 'udp', port: 514, host: '0.0.0.0' },
  udp6: { protocol: 'udp', port: 514, host: '::' },
  tcp: { protocol: 'tcp', port: 514, host: '0.0.0.0' },
  tcp6: { protocol: 'tcp', port: 514, host: '::' },
  network: { protocol: 'tcp', port: 514, host: '0.0.0.0' },
  syslog: { protocol: 'tcp', port: 601, host: '0.0.0.0' },
};
const MAX_TOKENS = 100_000;

interface Token {
  readonly text: string;
  readonly path: string;
  readonly line: number;
}

/** Sources that a `log` statement names: the others are not opened. */
export const syslogNg: PortReader = {
  name: 'syslog-ng',
  programs: ['syslog-ng'],
  packages: ['syslog-ng-core', 'syslog-ng'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const main = context.command.option('f', 'cfgfile')?.value ?? '/etc/syslog-ng/syslog-ng.conf';
    const tokens = await tokensOf(context.files, main, 0);
    const used = new Set<string>();
    for (const [index, { text }] of tokens.entries()) {
      if (text === 'source' && tokens[index + 1]?.text === '(') used.add(tokens[index + 2]?.text ?? '');
    }
    for (const [index, { text }] of tokens.entries()) {
      // `source name { … }`, or one without a name in the log statement itself.
      const opening = tokens[index + 1]?.text === '{' ? index + 1 : index + 2;
      if (text !== 'source' || tokens[opening]?.text !== '{') continue;
      if (opening === index + 1 || used.has(tokens[index + 1]!.text)) addDrivers(findings, tokens, opening + 1);
    }
    return findings.done();
  },
};

function addDrivers(findings: Findings, tokens: readonly Token[], from: number): void {
  for (let at = from; at < tokens.length && tokens[at]!.text !== '}'; at += 1) {
    const name = tokens[at]!.text;
    if (tokens[at + 1]?.text !== '(') continue;
    const options = new Map<string, Token>();
    const start = at;
    let depth = 0;
    for (at += 1; at < tokens.length; at += 1) {
      const token = tokens[at]!;
      if (token.text === '(') depth += 1;
      else if (token.text === ')') depth -= 1;
      else if (tokens[at - 1]!.text === '(' && depth === 2) options.set(tokens[at - 2]!.text, token);
      if (depth === 0) break;
    }
    const driver = Object.hasOwn(DRIVERS, name) ? DRIVERS[name]! : undefined;
    if (driver === undefined) continue;
    const transport = options.get('transport')?.text ?? '';
    const protocol = /^udp/.test(transport) ? 'udp' : /^(?:tcp|tls|proxied)/.test(transport) ? 'tcp' : driver.protocol;
    const silent = name === 'syslog' && protocol === 'udp' ? 514 : transport === 'tls' ? 6514 : driver.port;
    const port = options.get('port') ?? options.get('localport');
    const { path, line } = port ?? tokens[start]!;
    const isSixth = options.get('ip-protocol')?.text === '6';
    const host = (options.get('ip') ?? options.get('localip'))?.text ?? (isSixth ? '::' : driver.host);
    findings.add(host, port?.text ?? silent, { evidence: { path, line } }, protocol);
  }
}

async function tokensOf(files: ConfigFiles, path: string, depth: number): Promise<Token[]> {
  const tokens: Token[] = [];
  const lines = ((await files.read(path)) ?? '').split('\n');
  for (const [index, raw] of lines.entries()) {
    const include = /^\s*@include\s+"([^"]{1,500})"/.exec(raw)?.[1];
    if (include !== undefined && depth < 4) {
      for (const each of files.expand(include, '/etc/syslog-ng')) {
        if (!files.mayInclude(each)) break;
        for (const token of await tokensOf(files, each, depth + 1)) tokens.push(token);
      }
    }
    if (include !== undefined || /^\s*@/.test(raw)) continue;
    for (const [word] of raw.slice(0, 1000).matchAll(/"(?:[^"\\]|\\.)*"|'[^']*'|#.*|[(){};]|[^\s(){};"'#]+/g)) {
      if (word.startsWith('#')) break;
      if (tokens.length < MAX_TOKENS)
        tokens.push({ text: word.replace(/^(["'])([\s\S]*)\1$/, '$2').replaceAll('_', '-'), path, line: index + 1 });
    }
  }
  return tokens;
}
