import type { FirewallRule } from '../../../model/firewall.js';
import { shellWords } from '../../../syntax/shell.js';
import type { ConfigFiles } from '../config-files.js';

const FILES = [
  '/etc/iptables/rules.v4',
  '/etc/iptables/rules.v6',
  '/etc/sysconfig/iptables',
  '/etc/sysconfig/ip6tables',
  '/etc/iptables/iptables.rules',
  '/etc/iptables/ip6tables.rules',
  '/etc/iptables.rules',
  '/etc/iptables.up.rules',
];

/** Files of iptables-save(8): the policy and the rules of the INPUT chain of the filter table, jumps into own chains followed by name. */
export async function readIptables(files: ConfigFiles): Promise<FirewallRule[]> {
  const findings: FirewallRule[] = [];
  for (const path of FILES) {
    const text = await files.read(path);
    if (text !== null) findings.push(...readSaved(text, path));
  }
  return findings;
}

function readSaved(text: string, path: string): FirewallRule[] {
  const findings: FirewallRule[] = [];
  const chains = chainsOfInput(text);
  let table = 'filter';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line.startsWith('*')) table = line.slice(1);
    if (table !== 'filter') continue;
    const evidence = { path, line: index + 1 };
    const shared = { tool: 'iptables', enabled: true, evidence } as const;
    const policy = /^:INPUT (ACCEPT|DROP)\b/.exec(line);
    if (policy !== null) {
      const action = policy[1] === 'ACCEPT' ? 'allow' : 'deny';
      findings.push({ ...shared, action, ports: null, protocol: null, source: null, isDefault: true });
    }
    if (!line.startsWith('-A ')) continue;
    const words = shellWords(line.slice(0, 4096));
    const value = (...names: string[]): string | null => {
      const at = words.findIndex((word) => names.includes(word));
      return at === -1 ? null : `${words[at - 1] === '!' ? '! ' : ''}${words[at + 1] ?? ''}`;
    };
    const target = value('-j');
    if (!chains.has(words[1] ?? '') || !['ACCEPT', 'DROP', 'REJECT'].includes(target ?? '')) continue;
    const protocol = value('-p', '--protocol');
    const ports = value('--dport', '--dports', '--destination-port');
    const source = value('-s', '--source');
    // Loopback and answers to what the machine asked for say nothing about its ports.
    if (value('-i') === 'lo' || words.includes('--ctstate') || words.includes('--state')) {
      if (ports === null) continue;
    }
    if (ports === null && protocol !== null) continue;
    findings.push({
      ...shared,
      action: target === 'ACCEPT' ? 'allow' : 'deny',
      ports,
      protocol: protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp' ? protocol : null,
      source,
      isDefault: ports === null && source === null,
    });
  }
  return findings;
}

/** INPUT and every chain that it leads to. */
function chainsOfInput(text: string): Set<string> {
  const jumps = new Map<string, string[]>();
  for (const match of text.matchAll(/^-A (\S{1,64}) .{0,2000}?-[jg] (\S{1,64})/gm)) {
    const targets = jumps.get(match[1]!) ?? [];
    targets.push(match[2]!);
    jumps.set(match[1]!, targets);
  }
  const chains = new Set(['INPUT']);
  for (const chain of chains) for (const target of jumps.get(chain) ?? []) if (jumps.has(target)) chains.add(target);
  return chains;
}
