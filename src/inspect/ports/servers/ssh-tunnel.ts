import { parsePort } from '../addresses.js';
import { collectFindings } from '../findings.js';
import type { PortContext, PortFindings, PortReader } from '../reader.js';

/** Options of ssh(1) that take a value of their own. */
const WITH_VALUE = 'BbcDEeFIiJLlmOopQRSWw';

/** A client that keeps ports open on its own side: ssh(1), `-L` and `-D`. Those of `-R` are on the other machine. */
export const sshTunnel: PortReader = {
  name: 'ssh-tunnel',
  // `ssh` is the server's unit first: its reader hands clients over.
  programs: ['autossh'],
  read: readTunnels,
};

export async function readTunnels(context: PortContext): Promise<PortFindings> {
  const findings = await collectFindings(context);
  const { command } = context;
  const forwards: string[] = [];
  let isGateway = command.options('o').some(({ value }) => /^GatewayPorts[ =]yes$/i.test(value));
  const words = command.arguments;
  // Options may follow the destination; the second word that is none begins a command of the other machine.
  for (let at = 0, others = 0; at < words.length && others < 2; at += 1) {
    const word = words[at]!;
    if (!/^-[a-zA-Z0-9]/.test(word)) {
      others += 1;
      continue;
    }
    const taking = [...word].findIndex((letter, index) => index > 0 && takesValue(letter, command.program));
    if (word.slice(1, taking === -1 ? undefined : taking).includes('g')) isGateway = true;
    if (taking === -1) continue;
    if (taking === word.length - 1) at += 1;
    const value = taking === word.length - 1 ? words[at] : word.slice(taking + 1);
    if ('LD'.includes(word[taking]!) && value !== undefined) forwards.push(value);
  }
  for (const forward of forwards) {
    const match = /^(?:(\[[^\]]*\]|[^:/\s]*)[:/])?(\d{1,5})(?=$|[:/])/.exec(forward);
    const [host, port] = [match?.[1]?.replace(/^\[|\]$/g, ''), match?.[2] ?? ''];
    if (parsePort(port) === null) continue;
    const isEverywhere = host === '' || host === '*' || (host === undefined && isGateway);
    findings.add(isEverywhere ? '*' : (host ?? 'localhost'), port, command.setting(port, forward));
  }
  return findings.done();
}

/** autossh's own `-M` has a port, ssh's has none. */
function takesValue(letter: string, program: string): boolean {
  return WITH_VALUE.includes(letter) || (letter === 'M' && program.endsWith('autossh'));
}
