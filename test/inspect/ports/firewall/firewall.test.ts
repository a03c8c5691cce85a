import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectPorts } from '../../../../src/inspect/ports/index.js';
import { DEBIAN_12 } from '../../../plan/machine.js';

/** `tool action protocol/ports from source (default) path:line`, only what is there. */
async function rulesOf(nodes: Readonly<Record<string, MemoryNode>>): Promise<string[]> {
  const { firewall } = await inspectPorts(memoryGuest(nodes), [], { packages: null, os: DEBIAN_12 });
  return firewall.map(({ tool, action, ports, protocol, source, isDefault, enabled, evidence }) =>
    [
      tool,
      action,
      ports === null ? (protocol ?? 'all') : `${protocol ?? 'any'}/${ports}`,
      source === null ? '' : `from ${source}`,
      isDefault ? 'default' : '',
      enabled ? '' : 'off',
      `${evidence.path}:${evidence.line}`,
    ]
      .filter(Boolean)
      .join(' '),
  );
}

test('ufw: the policy, and each rule for incoming traffic', async (t) => {
  const rules = await rulesOf({
    '/etc/ufw/ufw.conf': 'ENABLED=yes\n',
    '/etc/default/ufw': 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\n',
    '/etc/ufw/user.rules':
      '*filter\n### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n### tuple ### deny any 53 0.0.0.0/0 any 10.0.0.0/8 in\n### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 out\n',
  });
  t.deepEqual(rules, [
    'ufw deny all default /etc/default/ufw:2',
    'ufw allow tcp/22 /etc/ufw/user.rules:2',
    'ufw deny any/53 from 10.0.0.0/8 /etc/ufw/user.rules:4',
  ]);
});

test('ufw that is switched off says so', async (t) => {
  const rules = await rulesOf({
    '/etc/ufw/ufw.conf': 'ENABLED=no\n',
    '/etc/default/ufw': 'DEFAULT_INPUT_POLICY=ACCEPT\n',
  });
  t.deepEqual(rules, ['ufw allow all default off /etc/default/ufw:1']);
});

test('firewalld: services and ports of the default zone, from its own folder or the packaged one', async (t) => {
  const rules = await rulesOf({
    '/etc/firewalld/firewalld.conf': '# x\nDefaultZone=work\n',
    '/etc/firewalld/zones/work.xml':
      '<zone>\n  <service name="web"/>\n  <port port="8000-8010" protocol="udp"/>\n  <rule><source address="10.1.0.0/16"/>\n<port port="9" protocol="tcp"/><drop/></rule>\n</zone>\n',
    '/etc/firewalld/zones/home.xml': '<zone><port port="1" protocol="tcp"/></zone>',
    '/usr/lib/firewalld/services/web.xml':
      '<service><port protocol="tcp" port="80"/><port protocol="tcp" port="443"/></service>',
  });
  t.deepEqual(rules, [
    'firewalld deny all default /etc/firewalld/zones/work.xml:1',
    'firewalld allow tcp/80 /etc/firewalld/zones/work.xml:2',
    'firewalld allow tcp/443 /etc/firewalld/zones/work.xml:2',
    'firewalld allow udp/8000-8010 /etc/firewalld/zones/work.xml:3',
    'firewalld deny tcp/9 from 10.1.0.0/16 /etc/firewalld/zones/work.xml:5',
  ]);
});

test('iptables-save: INPUT and the chains it leads to, in the filter table alone', async (t) => {
  const rules = await rulesOf({
    '/etc/iptables/rules.v4':
      '*nat\n-A INPUT -p tcp --dport 1 -j ACCEPT\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n:mine - [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -j mine\n-A mine -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p udp -m multiport --dports 53,123 -j DROP\n-A FORWARD -p tcp --dport 2 -j ACCEPT\nCOMMIT\n',
  });
  t.deepEqual(rules, [
    'iptables deny all default /etc/iptables/rules.v4:5',
    'iptables allow tcp/22 from 10.0.0.0/8 /etc/iptables/rules.v4:10',
    'iptables deny udp/53,123 /etc/iptables/rules.v4:11',
  ]);
});

test('nftables: chains hooked to input, with sets and included files', async (t) => {
  const rules = await rulesOf({
    '/etc/nftables.conf':
      '#!/usr/sbin/nft -f\nflush ruleset\ntable inet filter {\n  chain input {\n    type filter hook input priority 0; policy drop;\n    iif lo accept\n    tcp dport { 22,\n 80 } accept\n    ip saddr 10.0.0.0/8 udp dport 53 accept\n  }\n  chain output { type filter hook output priority 0; tcp dport 25 drop; }\n}\ninclude "/etc/nft.d/*.nft"\n',
    '/etc/nft.d/a.nft': 'table ip x {\n chain y {\n type filter hook input priority 0;\n tcp dport 99 drop\n }\n}\n',
  });
  t.deepEqual(rules, [
    'nftables deny all default /etc/nftables.conf:5',
    'nftables allow tcp/22,80 /etc/nftables.conf:7',
    'nftables allow udp/53 from 10.0.0.0/8 /etc/nftables.conf:9',
    'nftables deny tcp/99 /etc/nft.d/a.nft:4',
  ]);
});

test('a machine without a firewall has no rules', async (t) => {
  t.deepEqual(await rulesOf({ '/etc/hostname': 'box\n' }), []);
});
