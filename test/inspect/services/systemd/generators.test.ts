import { readdirSync } from 'node:fs';
import test from 'ava';
import { GENERATORS } from '../../../../src/inspect/services/systemd/generators/index.js';
import {
  codes,
  enabledNames,
  executable,
  inspectSystemd,
  link,
  type Nodes,
  service,
  UNITS,
  WANTED,
  wanted,
} from '../helpers/inspect.js';

const FOLDER = '/lib/systemd/system-generators';
const generator = (name: string): Nodes => ({ [`${FOLDER}/${name}`]: executable() });

test('every generator in the folder is in the list', (t) => {
  const files = readdirSync(new URL('../../../../src/inspect/services/systemd/generators', import.meta.url));
  t.is(GENERATORS.length, files.filter((name) => name !== 'index.ts' && name !== 'generator.ts').length);
  t.is(new Set(GENERATORS.map(({ program }) => program)).size, GENERATORS.length);
});

const POSTGRESQL: Nodes = {
  ...generator('postgresql-generator'),
  ...wanted('postgresql.service', 'Type=oneshot\nExecStart=/bin/true'),
  [`${UNITS}/postgresql@.service`]:
    '[Service]\nType=forking\nExecStart=-/usr/bin/pg_ctlcluster --skip-systemctl-redirect %i start\n',
  '/usr/bin/pg_ctlcluster': executable(),
};

test('every PostgreSQL cluster that starts by itself is an instance', async (t) => {
  const found = await inspectSystemd({
    ...POSTGRESQL,
    '/etc/postgresql/15/main/postgresql.conf': '',
    '/etc/postgresql/15/main/start.conf': '# how\nauto\n',
    '/etc/postgresql/15/old/postgresql.conf': '',
    '/etc/postgresql/15/old/start.conf': 'manual\n',
    '/etc/postgresql/13/x/postgresql.conf': '',
  });
  t.deepEqual(enabledNames(found), ['postgresql.service', 'postgresql@13-x.service', 'postgresql@15-main.service']);
  t.like(service(found, 'postgresql.service'), { role: 'system', reason: 'group' });
  t.is(service(found, 'postgresql@15-main.service')!.role, 'application');
});

test('no cluster starts when its group does not', async (t) => {
  const { [`${WANTED}/postgresql.service`]: _, ...nodes } = POSTGRESQL;
  t.deepEqual(enabledNames(await inspectSystemd({ ...nodes, '/etc/postgresql/15/main/postgresql.conf': '' })), []);
});

test('a generator that the machine lacks generates nothing', async (t) => {
  const { [`${FOLDER}/postgresql-generator`]: _, ...nodes } = POSTGRESQL;
  t.deepEqual(
    enabledNames(
      await inspectSystemd({ ...nodes, ...generator('other'), '/etc/postgresql/15/main/postgresql.conf': '' }),
    ),
    ['postgresql.service'],
  );
});

test('a generator masked in /etc generates nothing', async (t) => {
  const mask = { '/etc/systemd/system-generators/postgresql-generator': link('/dev/null') };
  t.deepEqual(
    enabledNames(await inspectSystemd({ ...POSTGRESQL, ...mask, '/etc/postgresql/15/main/postgresql.conf': '' })),
    ['postgresql.service'],
  );
});

const SCRIPT = executable(
  '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: oldapp legacy\n# Required-Start: $network db\n# Short-Description: the old one\n### END INIT INFO\ncase "$1" in start) start-stop-daemon --start --exec /usr/bin/app -- -d ;; esac\n',
);
const SYSV: Nodes = { ...generator('systemd-sysv-generator'), '/etc/init.d/oldapp': SCRIPT };

test('an init script that is linked in a run level becomes a service with its program inferred', async (t) => {
  const found = await inspectSystemd({ ...SYSV, '/etc/rc3.d/S20oldapp': link('../init.d/oldapp') });
  t.like(service(found, 'oldapp.service'), {
    enabled: true,
    command: ['/usr/bin/app', '-d'],
    inferred: true,
    type: 'forking',
    description: 'the old one',
  });
});
test('an init script with kill links alone is disabled', async (t) => {
  const found = await inspectSystemd({ ...SYSV, '/etc/rc3.d/K20oldapp': link('../init.d/oldapp') });
  t.false(service(found, 'oldapp.service')!.enabled);
});
test('a script linked for run level 5 alone waits for graphical.target', async (t) => {
  t.deepEqual(enabledNames(await inspectSystemd({ ...SYSV, '/etc/rc5.d/S20oldapp': link('../init.d/oldapp') })), []);
});
test('a unit of the same name takes the place of the script', async (t) => {
  const found = await inspectSystemd({
    ...SYSV,
    '/etc/rc3.d/S20oldapp': link('../init.d/oldapp'),
    [`${UNITS}/oldapp.service`]: '[Service]\nExecStart=/usr/bin/app native\n',
  });
  t.deepEqual(enabledNames(found), []);
});
test('a mask of the same name silences the script', async (t) => {
  const found = await inspectSystemd({
    ...SYSV,
    '/etc/rc3.d/S20oldapp': link('../init.d/oldapp'),
    '/etc/systemd/system/oldapp.service': link('/dev/null'),
  });
  t.deepEqual(enabledNames(found), []);
});
test('what a script provides are further names for it', async (t) => {
  const found = await inspectSystemd({
    ...SYSV,
    ...wanted('web.service', 'ExecStart=/usr/bin/app', 'Wants=legacy.service'),
  });
  t.deepEqual(enabledNames(found), ['oldapp.service', 'web.service']);
});
test('a script without the right to be executed is none', async (t) => {
  const found = await inspectSystemd({
    ...SYSV,
    '/etc/init.d/oldapp': '#!/bin/sh\n',
    '/etc/rc3.d/S20oldapp': link('../init.d/oldapp'),
  });
  t.is(service(found, 'oldapp.service'), undefined);
});

test('an executable rc.local is run, and what it starts are services', async (t) => {
  const found = await inspectSystemd({
    ...generator('systemd-rc-local-generator'),
    [`${UNITS}/rc-local.service`]: '[Service]\nType=forking\nExecStart=/etc/rc.local start\n',
    '/etc/rc.local': executable('#!/bin/sh\n/opt/shop/run --port 8080 &\nexit 0\n'),
    '/opt/shop/run': executable(),
  });
  t.deepEqual(enabledNames(found), ['rc-local.service', 'rc.local:2']);
  t.like(service(found, 'rc.local:2'), {
    init: 'rc.local',
    command: ['/opt/shop/run', '--port', '8080'],
    role: 'application',
  });
});
test('an rc.local that may not be executed starts nothing', async (t) => {
  const found = await inspectSystemd({
    ...generator('systemd-rc-local-generator'),
    [`${UNITS}/rc-local.service`]: '[Service]\nType=forking\nExecStart=/etc/rc.local start\n',
    '/etc/rc.local': '#!/bin/sh\n/opt/shop/run &\n',
    '/opt/shop/run': executable(),
  });
  t.deepEqual(enabledNames(found), []);
});

test('AUTOSTART chooses among the configurations of OpenVPN', async (t) => {
  const nodes: Nodes = {
    ...generator('openvpn-generator'),
    ...wanted('openvpn.service', 'Type=oneshot\nExecStart=/bin/true'),
    [`${UNITS}/openvpn@.service`]: '[Service]\nExecStart=/usr/bin/app %i',
    '/etc/openvpn/a.conf': '',
    '/etc/openvpn/b.conf': '',
  };
  t.deepEqual(enabledNames(await inspectSystemd(nodes)), ['openvpn.service', 'openvpn@a.service', 'openvpn@b.service']);
  t.deepEqual(enabledNames(await inspectSystemd({ ...nodes, '/etc/default/openvpn': 'AUTOSTART="b"\n' })), [
    'openvpn.service',
    'openvpn@b.service',
  ]);
  t.deepEqual(enabledNames(await inspectSystemd({ ...nodes, '/etc/default/openvpn': 'AUTOSTART=none\n' })), [
    'openvpn.service',
  ]);
});

test('the generator of Tor hangs its instances on the unit that groups them', async (t) => {
  const nodes: Nodes = {
    ...generator('tor-generator'),
    ...wanted('tor.service', 'Type=oneshot\nExecStart=/bin/true'),
    [`${UNITS}/tor@default.service`]: '[Service]\nExecStart=/usr/bin/app',
    [`${UNITS}/tor@.service`]: '[Service]\nExecStart=/usr/bin/app %i',
    '/etc/tor/instances/exit/torrc': '',
    '/etc/tor/instances/empty/other': '',
  };
  t.deepEqual(enabledNames(await inspectSystemd(nodes)), ['tor.service', 'tor@exit.service']);
  t.deepEqual(enabledNames(await inspectSystemd({ ...nodes, '/etc/tor/torrc': '' })), [
    'tor.service',
    'tor@default.service',
    'tor@exit.service',
  ]);
});

test('a serial console of the kernel command line gets a login', async (t) => {
  const found = await inspectSystemd({
    ...generator('systemd-getty-generator'),
    '/etc/default/grub': 'GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200n8"\n',
    [`${UNITS}/getty.target`]: '[Unit]',
    [`${UNITS}/multi-user.target.wants/getty.target`]: link('../getty.target'),
    [`${UNITS}/serial-getty@.service`]: '[Service]\nExecStart=/usr/bin/app %I',
  });
  t.deepEqual(enabledNames(found), ['serial-getty@ttyS0.service']);
  t.is(found.services[0]!.role, 'system');
});

test('a Quadlet container is a service of podman, and said to be one', async (t) => {
  const found = await inspectSystemd({
    ...generator('podman-system-generator'),
    '/usr/bin/podman': executable(),
    '/etc/containers/systemd/web.container':
      '[Unit]\nDescription=Web\n[Container]\nImage=example/web:1\nPublishPort=8080:80\n[Install]\nWantedBy=multi-user.target\n',
  });
  t.deepEqual(service(found, 'web.service')!.command, [
    '/usr/bin/podman',
    'run',
    '--rm',
    '--publish',
    '8080:80',
    'example/web:1',
  ]);
  t.deepEqual(
    found.fit.map(({ rule }) => rule),
    ['containers-inside'],
  );
});

test('cloud-init is on unless a file or the kernel command line says no', async (t) => {
  const nodes: Nodes = {
    ...generator('cloud-init-generator'),
    [`${UNITS}/cloud-init.target`]: '[Unit]\nWants=cloud-config.service',
    [`${UNITS}/cloud-config.service`]: '[Service]\nExecStart=/usr/bin/app',
  };
  t.deepEqual(enabledNames(await inspectSystemd(nodes)), ['cloud-config.service']);
  t.deepEqual(enabledNames(await inspectSystemd({ ...nodes, '/etc/cloud/cloud-init.disabled': '' })), []);
});

test('netplan starts networkd unless NetworkManager renders it', async (t) => {
  const nodes: Nodes = {
    ...generator('netplan'),
    [`${UNITS}/systemd-networkd.service`]: '[Service]\nExecStart=/usr/bin/app',
  };
  t.deepEqual(enabledNames(await inspectSystemd({ ...nodes, '/etc/netplan/1.yaml': 'network:\n  version: 2\n' })), [
    'systemd-networkd.service',
  ]);
  t.deepEqual(
    enabledNames(await inspectSystemd({ ...nodes, '/etc/netplan/1.yaml': 'network:\n  renderer: NetworkManager\n' })),
    [],
  );
});

const POSTFIX: Nodes = {
  ...generator('postfix-instance-generator'),
  ...wanted('postfix.service', 'Type=oneshot\nExecStart=/bin/true'),
  [`${UNITS}/postfix@.service`]: '[Service]\nType=forking\nExecStart=/usr/sbin/postmulti -i %i -p start\n',
  '/usr/sbin/postmulti': executable(),
};

test('a Postfix without further instances is the instance "-"', async (t) => {
  const found = await inspectSystemd({ ...POSTFIX, '/etc/postfix/main.cf': 'myhostname = x\n' });
  t.deepEqual(enabledNames(found), ['postfix.service', 'postfix@-.service']);
  t.deepEqual(service(found, 'postfix@-.service')!.command, ['/usr/sbin/postmulti', '-i', '-', '-p', 'start']);
});

test('further instances of Postfix start when their own main.cf enables them', async (t) => {
  const found = await inspectSystemd({
    ...POSTFIX,
    '/etc/postfix/main.cf':
      'multi_instance_enable = yes\nmulti_instance_directories = /etc/postfix-in\n  /etc/postfix-out\n',
    '/etc/postfix-in/main.cf': 'multi_instance_name = postfix-in\nmulti_instance_enable = yes\n',
    '/etc/postfix-out/main.cf': 'multi_instance_name = postfix-out\nmulti_instance_enable = no\n',
  });
  t.deepEqual(enabledNames(found), ['postfix.service', 'postfix@-.service', 'postfix@postfix-in.service']);
});

test('a Postfix without main.cf has no instance', async (t) => {
  t.deepEqual(enabledNames(await inspectSystemd(POSTFIX)), ['postfix.service']);
});

const RUN = 'ExecStart=/usr/bin/app';
const FSTAB: Nodes = {
  '/lib/systemd/system/sysinit.target': '[Unit]\nWants=local-fs.target\n',
  '/lib/systemd/system/local-fs.target': '[Unit]\nDescription=Local File Systems\n',
  [`${UNITS}/helper.service`]: `[Service]\n${RUN}`,
};

/** Which services a boot starts when one of them hangs on an entry of fstab. */
const withFstab = test.macro(async (t, line: string, unit: string, expected: readonly string[]) => {
  const found = await inspectSystemd({ ...FSTAB, '/etc/fstab': line, ...wanted('app.service', RUN, unit) });
  t.deepEqual(enabledNames(found), expected);
});

test(
  'a service may require a mount of fstab',
  withFstab,
  '/dev/sdb1 /srv/my-data ext4',
  'Requires=srv-my\\x2ddata.mount',
  ['app.service'],
);
test('a mount that no fstab names fails who requires it', withFstab, '', 'Requires=srv.mount', []);
test(
  'an entry of fstab starts what it requires',
  withFstab,
  'LABEL=x /srv ext4 defaults,x-systemd.requires=helper.service 0 2',
  '',
  ['app.service', 'helper.service'],
);
test(
  'an entry with noauto starts nothing by itself',
  withFstab,
  '/dev/sdb1 /srv ext4 noauto,x-systemd.requires=helper.service',
  '',
  ['app.service'],
);
test(
  'RequiresMountsFor= mounts what lies on the way',
  withFstab,
  '/dev/sdb1 /srv ext4 noauto,x-systemd.requires=helper.service',
  'RequiresMountsFor=/srv/app/data',
  ['app.service', 'helper.service'],
);
test(
  'an entry that is mounted on demand waits for the demand',
  withFstab,
  '/dev/sdb1 /srv ext4 x-systemd.automount,x-systemd.requires=helper.service',
  '',
  ['app.service'],
);
test(
  'an entry may be wanted by a unit of its own choice',
  withFstab,
  '/dev/sdb1 /srv ext4 noauto,x-systemd.wanted-by=app.service,x-systemd.requires=helper.service',
  '',
  ['app.service', 'helper.service'],
);
test('swap is a unit too', withFstab, 'UUID=1-2 none swap sw 0 0', 'Requires=dev-disk-by\\x2duuid-1\\x2d2.swap', [
  'app.service',
]);
test('slices and the root are there without a file', withFstab, '', 'Requires=-.mount system.slice own.slice', [
  'app.service',
]);

test('a device that a service needs is taken as there, and named', async (t) => {
  const found = await inspectSystemd(wanted('app.service', RUN, 'BindsTo=dev-ttyUSB0.device'));
  t.deepEqual(enabledNames(found), ['app.service']);
  t.deepEqual(codes(found), ['device-undecided']);
});
