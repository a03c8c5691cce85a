import { shellWords } from '../../../syntax/shell.js';
import { parseEndpoint } from '../addresses.js';
import type { InFile } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { configLines } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** HAProxy configuration manual, `bind`, `stats socket`, `peer`, `dgram-bind`. */
export const haproxy: PortReader = {
  name: 'haproxy',
  programs: ['haproxy', 'haproxy-systemd-wrapper', 'hapee-lb'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'separate', names: 'first' });
    const localName = context.command.option('L')?.value ?? (await context.files.read('/etc/hostname'))?.trim();
    for (const section of await sections(context)) {
      if (section.lines.some((line) => line.words[0] === 'disabled')) continue;
      for (const { words, line, path } of [section.header, ...section.lines]) {
        const origin = { evidence: { path, line } };
        const kind = section.header.words[0]!;
        if (words === section.header.words) {
          // Old form: `listen NAME ADDRESS:PORT`.
          if ((kind === 'listen' || kind === 'frontend') && /:\d/.test(words[2] ?? ''))
            addBind(findings, words[2]!, [], origin);
        } else if (words[0] === 'bind' || words[0] === 'dgram-bind') {
          addBind(findings, words[1] ?? '', words.slice(2), origin, words[0] === 'dgram-bind');
        } else if (kind === 'peers' && words[0] === 'peer' && words[1] === localName && words[2] !== undefined) {
          addBind(findings, words[2], [], origin);
        } else if (kind === 'global' && words[0] === 'stats' && words[1] === 'socket') {
          addBind(findings, words[2] ?? '', [], origin);
        }
      }
    }
    return findings.done();
  },
};

interface Line {
  readonly words: readonly string[];
  readonly line: number;
}

interface Section {
  readonly header: InFile<Line>;
  readonly lines: InFile<Line>[];
}

const SECTIONS = new Set([
  'global', 'defaults', 'frontend', 'backend', 'listen', 'peers', 'resolvers', 'userlist', 'mailers', 'program', 'ring',
  'log-forward', 'http-errors', 'cache', 'fcgi-app', 'crt-store', 'traces', 'acme', 'log-profile',
]); // biome-ignore format: a list

async function sections(context: PortContext): Promise<Section[]> {
  const { command, files, fs } = context;
  const variables = new Map(Object.entries(context.service.environment));
  const named = command.options('f').map((setting) => setting.value);
  const paths = (named.length > 0 ? named : ['/etc/haproxy/haproxy.cfg']).flatMap((path) =>
    fs.stat(path)?.type === 'directory' ? files.folder(path, '.cfg') : [path],
  );
  const result: Section[] = [];
  for (const path of paths) {
    for (const { text, line } of configLines((await files.read(path)) ?? '', { comments: '#', inlineComments: true })) {
      const words = shellWords(text).map((word) =>
        word.replace(/^\$\{?(\w{1,100})\}?|\$\{(\w{1,100})\}/g, (whole, a, b) => variables.get(a ?? b) ?? whole),
      );
      if (words[0] === 'setenv' && words[1] !== undefined) variables.set(words[1], (words[2] ?? '').slice(0, 200));
      if (SECTIONS.has(words[0] ?? '')) result.push({ header: { words, line, path }, lines: [] });
      else result.at(-1)?.lines.push({ words, line, path });
    }
  }
  return result;
}

/** `[family@]address:port[-port][, …]`, parameters behind it. */
function addBind(
  findings: Findings,
  list: string,
  parameters: readonly string[],
  origin: Pick<Setting, 'evidence'>,
  datagram = false,
): void {
  for (const item of list.split(',')) {
    const [, family = '', address = ''] = /^(?:([a-z0-9+]{1,16})@)?(.*)$/s.exec(item)!;
    if (address.startsWith('/')) {
      findings.socket(address);
      continue;
    }
    if (/^(?:unix|abns|fd|sockpair)/.test(family)) continue;
    const range = /^(.*):(\d{1,5})(?:-(\d{1,5}))?$/.exec(address);
    if (range === null) {
      findings.problem(
        'address-unreadable',
        origin.evidence.path,
        `line ${origin.evidence.line}: bind ${item.slice(0, 80)}`,
      );
      continue;
    }
    const isUdp = datagram || /^(?:udp|quic)/.test(family);
    const host = parseEndpoint(range[1]!)?.host ?? range[1]!;
    const isIpv6 = host.includes(':') || family.endsWith('6');
    const first = Number(range[2]);
    const last = Math.min(Number(range[3] ?? first), first + 1000);
    for (let port = first; port <= last; port += 1) {
      // Without an address it is IPv4 alone; `::` takes both unless `v6only` is given.
      const wildcard = isIpv6 ? (parameters.includes('v6only') ? '::' : '*') : '0.0.0.0';
      const isWild = host === '' || host === '*' || host === '0.0.0.0' || /^[0:]+$/.test(host);
      findings.add(isWild ? wildcard : host, port, origin, isUdp ? 'udp' : 'tcp');
    }
  }
}
