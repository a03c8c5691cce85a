import test from 'ava';
import { database, executable, inspectSystemd, type Nodes, service, UNITS, wanted } from './helpers/inspect.js';

const roleOf = test.macro({
  async exec(t, name: string, role: 'application' | 'system', nodes: Nodes = {}) {
    const found = await inspectSystemd(
      { ...wanted(name, 'ExecStart=/usr/bin/app'), ...nodes },
      { packages: database({ pkg: [`${UNITS}/${name}`] }) },
    );
    const item = service(found, name)!;
    t.is(item.role, role);
    t.true(item.reason.length > 5);
  },
  title: (_, name: string, role: string) => `${name} is ${role}`,
});

for (const name of [
  'getty@tty1.service',
  'ttyPS0.service',
  'systemd-journald.service',
  'systemd-logind.service',
  'dbus.service',
  'ssh.service',
  'sshd.service',
  'cron.service',
  'rsyslog.service',
  'NetworkManager.service',
  'chrony.service',
  'open-vm-tools.service',
  'qemu-guest-agent.service',
  'mdadm.service',
  'lvm2-monitor.service',
  'unattended-upgrades.service',
  'rpcbind.service',
  'xinetd.service',
  'ufw.service',
  'polkit.service',
]) {
  test(roleOf, name, 'system');
}
for (const name of [
  'nginx.service',
  'apache2.service',
  'mariadb.service',
  'postgresql@15-main.service',
  'redis-server.service',
  'postfix.service',
  'named.service',
  'docker.service',
  'tomcat10.service',
  'smbd.service',
  'nfs-server.service',
  'cups.service',
  'slapd.service',
  'snmpd.service',
  'prometheus-node-exporter.service',
  'php8.2-fpm.service',
  'dovecot.service',
  'vsftpd.service',
  'proftpd.service',
  'mysql.service',
  'netdata.service',
  'mongod.service',
  'localai.service',
  'modem-gateway.service',
]) {
  test(roleOf, name, 'application');
}

test('what no package brings is an application, and the reason says so', async (t) => {
  const found = await inspectSystemd(
    {
      '/etc/systemd/system/shop.service':
        '[Service]\nType=oneshot\nExecStart=/opt/shop/run\n[Install]\nWantedBy=multi-user.target',
      '/etc/systemd/system/multi-user.target.wants/shop.service': { target: '../shop.service' },
      '/opt/shop/run': executable(),
    },
    { packages: database({}) },
  );
  t.like(service(found, 'shop.service'), { role: 'application', reason: 'made on this machine: no package brings it' });
});

test('what a package of every system brings is the system’s', async (t) => {
  const found = await inspectSystemd(wanted('thing.service', 'ExecStart=/usr/bin/app'), {
    packages: database({ base: [`/usr${UNITS}/thing.service`, `${UNITS}/thing.service`] }, 'important'),
  });
  t.is(service(found, 'thing.service')!.role, 'system');
});

test('a packaged unit that runs once is the system’s', async (t) => {
  const found = await inspectSystemd(wanted('prepare-thing.service', 'Type=oneshot\nExecStart=/usr/bin/app'), {
    packages: database({ pkg: [`${UNITS}/prepare-thing.service`] }),
  });
  t.like(service(found, 'prepare-thing.service'), { role: 'system', reason: 'runs once and ends' });
});

test('what a unit sets up once for the kernel to serve is an application: NFS and WireGuard', async (t) => {
  for (const [name, program] of [
    ['nfs-server.service', '/usr/sbin/rpc.nfsd'],
    ['wg-quick@wg0.service', '/usr/bin/wg-quick'],
  ] as const) {
    const found = await inspectSystemd(
      { ...wanted(name, `Type=oneshot\nRemainAfterExit=yes\nExecStart=${program} up`), [program]: executable() },
      { packages: database({ pkg: [`${UNITS}/${name}`] }) },
    );
    t.like(service(found, name), { role: 'application', enabled: true });
  }
});
