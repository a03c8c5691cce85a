import { parsePort } from '../addresses.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** Options of nc(1) and ncat(1) that take a value of their own. */
const VALUE_OPTIONS = new Set([
  '-e', '--exec', '-c', '--sh-exec', '-g', '-G', '-i', '--idle-timeout', '-I', '-m', '--max-conns', '-M', '-O', '-o', '--output',
  '-P', '-q', '-s', '--source', '-T', '-V', '-w', '--wait', '-x', '-X', '--proxy', '--ssl-cert', '--ssl-key', '-d', '--delay',
]); // biome-ignore format: a list

/** nc(1), ncat(1): `-l [-p PORT] [HOST] [PORT]`; 31337 is ncat's own default. */
export const netcat: PortReader = {
  name: 'netcat',
  programs: ['nc', 'ncat', 'netcat', 'nc.openbsd', 'nc.traditional'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const letters = (letter: string): boolean =>
      command.arguments.some((word) => /^-[a-zA-Z0-9]+$/.test(word) && word.includes(letter));
    if (!command.has('listen') && !letters('l')) return findings.done();
    const protocol = command.has('udp') || letters('u') ? 'udp' : command.has('sctp') ? 'sctp' : 'tcp';
    const words = positional(command.arguments);
    const isPort = (word: string | undefined): boolean => word !== undefined && parsePort(word) !== null;
    const bundled = command.arguments.findIndex((word) => /^-[a-zA-Z]+p$/.test(word));
    const given = command.option('p', 'source-port')?.value ?? command.arguments[bundled + 1 || Infinity];
    const port = isPort(given) ? given : words.findLast(isPort);
    const isNcat = command.program.endsWith('ncat');
    if (port === undefined && !isNcat) return findings.done();
    const host = words[0] !== undefined && !isPort(words[0]) ? words[0] : command.option('s', 'source')?.value;
    const isOpenBsd = !isNcat && !command.program.endsWith('traditional');
    const wildcard = letters('6') ? '::' : letters('4') || isOpenBsd ? '0.0.0.0' : '*';
    findings.add(
      host ?? wildcard,
      port ?? 31337,
      port === undefined ? command.builtIn(31337) : command.setting(port),
      protocol,
    );
    return findings.done();
  },
};

function positional(words: readonly string[]): string[] {
  const found: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    if (VALUE_OPTIONS.has(word) || /^-[a-zA-Z]*p$|^--source-port$/.test(word)) index += 1;
    else if (!word.startsWith('-')) found.push(word);
  }
  return found;
}
