import type { FirewallRule } from '../../../model/firewall.js';
import { parentPath } from '../../../model/path.js';
import { absolute, type ConfigFiles, type InFile } from '../config-files.js';
import { parseBlocks, type Statement } from '../formats/blocks.js';

const STYLE = { ends: 'newline', comments: ['#'] } as const;
const FILES = ['/etc/nftables.conf', '/etc/sysconfig/nftables.conf'];

/** nft(8): chains hooked to `input`, their policy, and their rules that accept, drop or reject ports. */
export async function readNftables(files: ConfigFiles): Promise<FirewallRule[]> {
  const findings: FirewallRule[] = [];
  for (const path of FILES) {
    for (const table of await topStatements(files, path, 0)) {
      if (table.words[0] !== 'table' || table.block === null) continue;
      for (const chain of table.block) {
        if (chain.words[0] === 'chain' && chain.block !== null) findings.push(...readChain(chain.block, table.path));
      }
    }
  }
  return findings;
}

async function topStatements(files: ConfigFiles, path: string, depth: number): Promise<InFile<Statement>[]> {
  const text = await files.read(path);
  if (text === null || depth > 8) return [];
  const result: InFile<Statement>[] = [];
  for (const statement of parseBlocks(joinSets(text), STYLE)) {
    if (statement.words[0] !== 'include') {
      result.push({ ...statement, path });
      continue;
    }
    for (const included of files.expand(absolute(statement.words[1] ?? '', parentPath(path)))) {
      result.push(...(await topStatements(files, included, depth + 1)));
    }
  }
  return result;
}

function readChain(block: readonly Statement[], path: string): FirewallRule[] {
  const hook = block.find((statement) => statement.words[0] === 'type' && statement.words.includes('hook'));
  if (hook?.words[hook.words.indexOf('hook') + 1] !== 'input') return [];
  const findings: FirewallRule[] = [];
  const rule = (
    statement: Statement,
    facts: Pick<FirewallRule, 'action' | 'ports' | 'protocol' | 'source' | 'isDefault'>,
  ): void => {
    findings.push({ tool: 'nftables', enabled: true, evidence: { path, line: statement.line }, ...facts });
  };
  for (const statement of block) {
    const { words } = statement;
    const policy = words.includes('policy') ? words[words.indexOf('policy') + 1]!.replace(';', '') : null;
    if (policy === 'accept' || policy === 'drop') {
      rule(statement, {
        action: policy === 'accept' ? 'allow' : 'deny',
        ports: null,
        protocol: null,
        source: null,
        isDefault: true,
      });
      continue;
    }
    const verdict = words.find((word) => word === 'accept' || word === 'drop' || word === 'reject');
    const at = words.indexOf('dport');
    if (verdict === undefined || at === -1) continue;
    const protocol = words[at - 1];
    const from = words.indexOf('saddr');
    rule(statement, {
      action: verdict === 'accept' ? 'allow' : 'deny',
      ports: words[at + 1] ?? null,
      protocol: protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp' ? protocol : null,
      source: from === -1 ? null : (words[from + 1] ?? null),
      isDefault: false,
    });
  }
  return findings;
}

/** Writes sets `{ 22, 80 }` as one word, so that only tables and chains have braces; lines are kept. */
function joinSets(text: string): string {
  return text.replace(/\{([^{};]{0,2000})\}/g, (_whole, inside: string) => {
    const lines = inside.split('\n').length - 1;
    return inside.replace(/\s+/g, '').replace(/,$/, '') + '\\\n'.repeat(lines);
  });
}
