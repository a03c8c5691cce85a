import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { FIT_RULES, type FitSubject, inspectFit } from '../../../src/inspect/fit/index.js';
import { DEBIAN_12 } from '../../plan/machine.js';
import { machineWith, portOf, serviceOf } from '../../render/compose/services.js';

type Sketch = Partial<Omit<FitSubject, 'fs'>>;

function findingsOf(files: Readonly<Record<string, MemoryNode>>, facts: Sketch = {}) {
  return inspectFit({
    fs: memoryGuest(files),
    os: DEBIAN_12,
    hardware: {},
    packages: null,
    services: [],
    filesystems: [],
    dataDirectories: [],
    hostArchitecture: 'x64',
    ...facts,
  });
}

const program = (path: string, facts = {}) => serviceOf('a.service', { command: [path], ...facts });
const withLibc = (version: string): Sketch => ({
  packages: machineWith([], { packages: [{ name: 'libc6', version }] }).packages,
});

/** Rule → a machine that meets it, and where the evidence is. */
const CASES: readonly (readonly [
  rule: string,
  files: Readonly<Record<string, MemoryNode>>,
  evidence: string,
  facts?: Sketch,
])[] = [
  ['kernel-modules', { '/etc/modules': '# none\nloop\nip_vs\n' }, '/etc/modules:3'],
  ['kernel-modules', { '/etc/modules-load.d/x.conf': 'nf_conntrack\n' }, '/etc/modules-load.d/x.conf:1'],
  ['kernel-modules-built-here', { '/var/lib/dkms/zfs/2.1/x': '' }, '/var/lib/dkms/zfs'],
  ['kernel-settings', { '/etc/sysctl.d/60-own.conf': '#\nvm.max_map_count = 262144\n' }, '/etc/sysctl.d/60-own.conf:2'],
  ['privileged-devices', {}, '/etc/systemd/system/a.service:1', { services: [program('/usr/sbin/libvirtd')] }],
  ['privileged-devices', { '/etc/udev/rules.d/99-scanner.rules': '' }, '/etc/udev/rules.d/99-scanner.rules'],
  ['raw-sockets', {}, '/etc/systemd/system/a.service:1', { services: [program('/usr/sbin/radvd')] }],
  [
    'raw-sockets',
    {},
    '/etc/systemd/system/a.service:1',
    { services: [program('/opt/x', { capabilities: ['CAP_NET_RAW'] })] },
  ],
  [
    'time-server',
    {},
    '/etc/systemd/system/a.service:1',
    { services: [program('/usr/sbin/ntpd', { ports: [portOf(123, '*', 'udp')] })] },
  ],
  ['selinux-enforcing', { '/etc/selinux/config': '# SELINUX=enforcing\nSELINUX=enforcing\n' }, '/etc/selinux/config:2'],
  ['vsyscall-glibc', {}, '/var/lib/dpkg/status', withLibc('2.13-38+deb7u12')],
  ['swap', { '/etc/fstab': 'UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\n' }, '/etc/fstab:2'],
  ['desktop', { '/usr/bin/Xorg': '' }, '/usr/bin/Xorg'],
  ['network-mounts', { '/etc/fstab': '\nnas:/a /a nfs4 defaults 0 0\n' }, '/etc/fstab:2'],
  ['network-mounts', { '/etc/fstab': '//nas/b /b cifs credentials=/x 0 0\n' }, '/etc/fstab:1'],
  ['automounts', { '/etc/auto.master': '+auto.master\n/net -hosts\n/home /etc/auto.home\n' }, '/etc/auto.master:3'],
  [
    'several-interfaces',
    { '/etc/network/interfaces': 'iface lo inet loopback\niface eth0 inet dhcp\niface eth1 inet dhcp\n' },
    '/etc/network/interfaces:2',
  ],
  [
    'several-interfaces',
    { '/etc/netplan/1.yaml': 'network: {ethernets: {a: {dhcp4: true}, b: {dhcp4: true}}}' },
    '/etc/netplan/1.yaml:1',
  ],
  [
    'several-interfaces',
    {
      '/etc/sysconfig/network-scripts/ifcfg-eth0': 'IPADDR=10.0.0.1\n',
      '/etc/sysconfig/network-scripts/ifcfg-eth1': '',
      '/etc/sysconfig/network-scripts/ifcfg-lo': '',
    },
    '/etc/sysconfig/network-scripts/ifcfg-eth0:1',
  ],
  [
    'several-interfaces',
    {
      '/etc/NetworkManager/system-connections/a.nmconnection': 'type=ethernet\ninterface-name=a\n',
      '/etc/NetworkManager/system-connections/b.nmconnection': 'type=ethernet\n',
    },
    '/etc/NetworkManager/system-connections/a.nmconnection:1',
  ],
  ['own-addresses', {}, '/etc/app.conf:3', { services: [program('/opt/x', { ports: [portOf(80, '192.168.1.5')] })] }],
  [
    'own-addresses',
    {
      '/etc/network/interfaces': 'iface eth0 inet static\n address 10.1.2.3/24\n',
      '/etc/app.conf': '# 10.1.2.3\nx=10.1.2.34\npeer=10.1.2.3:80\n',
    },
    '/etc/app.conf:3',
  ],
  ['firewall', {}, '/etc/systemd/system/ufw.service:1', { services: [serviceOf('ufw.service')] }],
  ['cluster-software', {}, '/etc/systemd/system/a.service:1', { services: [program('/usr/sbin/corosync')] }],
  ['licence-bound-to-hardware', { '/usr/sbin/hasplmd': '' }, '/usr/sbin/hasplmd'],
  [
    'database',
    {},
    '/var/lib/mysql',
    { dataDirectories: [{ path: '/var/lib/mysql', kind: 'mysql', size: 5_000_000, reason: '' }] },
  ],
  ['container-store', { '/var/lib/docker/overlay2/x/diff': '' }, '/var/lib/docker/overlay2'],
  ['virtual-machines-inside', { '/etc/libvirt/qemu/win.xml': '' }, '/etc/libvirt/qemu/win.xml'],
  ['setuid-needs-capabilities', { '/usr/sbin/pppd': { content: 'x', mode: 0o4755 } }, '/usr/sbin/pppd'],
  ['setuid-needs-capabilities', { '/usr/local/bin/own': { content: 'x', mode: 0o4755 } }, '/usr/local/bin/own'],
  ['large-ids', { '/srv/x': { content: 'x', uid: 1_234_567 } }, '/srv/x'],
  ['other-architecture', {}, '/usr/lib/os-release:1', { hostArchitecture: 'arm64' }],
];

const meets = test.macro({
  async exec(t, rule: string, files: Readonly<Record<string, MemoryNode>>, evidence: string, facts?: Sketch) {
    const found = await findingsOf(files, facts);
    t.deepEqual([...new Set(found.map((each) => each.rule))], [rule]);
    const shown = found.flatMap((each) =>
      each.evidence.map(({ path, line }) => (line === undefined ? path : `${path}:${line}`)),
    );
    t.true(shown.includes(evidence), shown.join(' '));
  },
  title: (title) => title!,
});
CASES.forEach((each, index) => {
  test(`${each[0]} is met, and no other rule (${index + 1})`, meets, ...each);
});

test('every rule has a case, and an id of its own', (t) => {
  t.deepEqual([...new Set(CASES.map(([rule]) => rule))].sort(), FIT_RULES.map(({ id }) => id).sort());
});

/** Machines that are near to a rule and do not meet it. */
const INNOCENT: readonly (readonly [title: string, files: Readonly<Record<string, MemoryNode>>, facts?: Sketch])[] = [
  ['an empty machine', {}],
  ['modules that every machine loads', { '/etc/modules': 'loop\nfuse\n' }],
  ['a permissive SELinux', { '/etc/selinux/config': 'SELINUX=permissive\n' }],
  [
    'one interface',
    { '/etc/network/interfaces': 'iface lo inet loopback\niface eth0 inet dhcp\niface eth0 inet6 auto\n' },
  ],
  [
    'a clock that serves nobody',
    {},
    { services: [program('/usr/sbin/chronyd', { role: 'system', ports: [portOf(323, '127.0.0.1', 'udp')] })] },
  ],
  ['a disabled cluster', {}, { services: [program('/usr/sbin/corosync', { enabled: false })] }],
  [
    'a local address',
    {},
    { services: [program('/opt/x', { ports: [portOf(80, '127.0.0.1'), portOf(80, '::'), portOf(80, '::1')] })] },
  ],
  ['a new C library', {}, withLibc('2.36-9')],
  [
    'the setuid programs of every system',
    { '/usr/bin/su': { content: 'x', mode: 0o4755 }, '/usr/bin/passwd': { content: 'x', mode: 0o4755 } },
  ],
  ['ids that still fit', { '/srv/x': { content: 'x', uid: 65_535 } }],
  ['32-bit programs on their own host', {}, { os: { ...DEBIAN_12, architecture: 'i386' } }],
  ['a key file of a netplan that is none', { '/etc/netplan/x.yaml': '{: [' }],
];

const meetsNothing = test.macro({
  async exec(t, files: Readonly<Record<string, MemoryNode>>, facts?: Sketch) {
    t.deepEqual(await findingsOf(files, facts), []);
  },
  title: (title) => `no rule is met by ${title}`,
});
for (const [title, files, facts] of INNOCENT) test(title, meetsNothing, files, facts);

test('a netplan of aliases without end is refused', async (t) => {
  const text = `a: &a [x]\n${'b: &b [*a,*a,*a,*a]\n'.repeat(5)}network: {ethernets: *b}`;
  t.deepEqual(await findingsOf({ '/etc/netplan/x.yaml': text }), []);
});

test('evidence is bounded', async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`/srv/${index}`, { content: 'x', uid: 70_000 }]),
  );
  const [finding] = await findingsOf(files);
  t.true(finding!.evidence.length <= 50);
  t.regex(finding!.message, /^500 paths/);
});
