import type { FirewallRule } from '../../../model/firewall.js';
import { shellAssignments } from '../../../syntax/shell.js';
import type { ConfigFiles } from '../config-files.js';

/** ufw keeps each rule as a comment `### tuple ### action protocol port to source-port from direction` (ufw(8), user.rules). */
export async function readUfw(files: ConfigFiles): Promise<FirewallRule[]> {
  const settings = await files.read('/etc/ufw/ufw.conf');
  const defaults = await files.read('/etc/default/ufw');
  if (settings === null && defaults === null) return [];
  const enabled =
    shellAssignments(settings ?? '')
      .findLast(({ name }) => name === 'ENABLED')
      ?.value.toLowerCase() === 'yes';
  const findings: FirewallRule[] = [];
  const policy = shellAssignments(defaults ?? '').findLast(({ name }) => name === 'DEFAULT_INPUT_POLICY');
  if (policy !== undefined) {
    findings.push({
      tool: 'ufw',
      action: policy.value === 'ACCEPT' ? 'allow' : 'deny',
      ports: null,
      protocol: null,
      source: null,
      isDefault: true,
      enabled,
      evidence: { path: '/etc/default/ufw', line: policy.line },
    });
  }
  for (const path of ['/etc/ufw/user.rules', '/etc/ufw/user6.rules', '/lib/ufw/user.rules', '/lib/ufw/user6.rules']) {
    for (const [index, text] of ((await files.read(path)) ?? '').split('\n').entries()) {
      if (!text.startsWith('### tuple ###')) continue;
      const [action = '', protocol = '', port = '', , , source = '', direction = 'in'] = text
        .slice(13)
        .trim()
        .split(/\s+/);
      if (!/^(?:allow|limit|deny|reject)/.test(action) || !direction.startsWith('in')) continue;
      findings.push({
        tool: 'ufw',
        action: /^(?:allow|limit)/.test(action) ? 'allow' : 'deny',
        ports: port === 'any' ? null : port,
        protocol: protocol === 'tcp' || protocol === 'udp' ? protocol : null,
        source: source === 'any' || source === '0.0.0.0/0' || source === '::/0' ? null : source,
        isDefault: false,
        enabled,
        evidence: { path, line: index + 1 },
      });
    }
  }
  return findings;
}
