import test from 'ava';
import {
  codes,
  enabledNames,
  executable,
  inspectSystemd,
  link,
  type Nodes,
  service,
  WANTED,
} from '../helpers/inspect.js';

/** Folders of units, the highest in rank first (systemd.unit(5), table 1). */
const FOLDERS = [
  '/etc/systemd/system.control',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/usr/local/lib/systemd/system',
  '/lib/systemd/system',
  '/usr/lib/systemd/system',
];

const unitIn = (folder: string): Nodes => ({
  [`${folder}/app.service`]: `[Service]\nExecStart=/usr/bin/app ${folder}\n`,
  [`${WANTED}/app.service`]: link('../app.service'),
});

FOLDERS.forEach((folder, index) => {
  test(`a unit in ${folder} is found`, async (t) => {
    t.deepEqual(service(await inspectSystemd(unitIn(folder)), 'app.service')!.command, ['/usr/bin/app', folder]);
  });
  const lower = FOLDERS[index + 1];
  if (lower === undefined) return;
  test(`a unit in ${folder} hides the one in ${lower}, and a mask there masks it`, async (t) => {
    const both = await inspectSystemd({ ...unitIn(lower), ...unitIn(folder) });
    t.deepEqual(service(both, 'app.service')!.command, ['/usr/bin/app', folder]);
    const masked = await inspectSystemd({ ...unitIn(lower), [`${folder}/app.service`]: link('/dev/null') });
    t.deepEqual(enabledNames(masked), []);
  });
});

const SCRIPT: Nodes = {
  '/lib/systemd/system-generators/systemd-sysv-generator': executable(),
  '/etc/init.d/app': executable(
    '#!/bin/sh\ncase $1 in start) start-stop-daemon --start --exec /usr/bin/app -- -s;; esac\n',
  ),
  '/etc/rc3.d/S20app': link('../init.d/app'),
};

test('a generated unit of late rank gives way to every file', async (t) => {
  t.deepEqual(service(await inspectSystemd(SCRIPT), 'app.service')!.command, ['/usr/bin/app', '-s']);
  for (const folder of FOLDERS) {
    const found = await inspectSystemd({ ...SCRIPT, ...unitIn(folder) });
    t.deepEqual(service(found, 'app.service')!.command, ['/usr/bin/app', folder]);
  }
});

const QUADLET: Nodes = {
  '/lib/systemd/system-generators/podman-system-generator': executable(),
  '/usr/bin/podman': executable(),
  '/etc/containers/systemd/app.container': '[Container]\nImage=x\n[Install]\nWantedBy=multi-user.target\n',
};

test('a generated drop-in of normal rank counts beside those of the disk', async (t) => {
  const found = await inspectSystemd({
    '/lib/systemd/system-generators/sshd-socket-generator': executable(),
    '/etc/ssh/sshd_config': 'Port 2222\n',
    '/lib/systemd/system/ssh.socket': '[Socket]\nListenStream=22\n[Install]\nWantedBy=sockets.target\n',
    '/lib/systemd/system/ssh.service': '[Service]\nExecStart=/usr/bin/app\n',
    '/etc/systemd/system/sockets.target.wants/ssh.socket': link('/lib/systemd/system/ssh.socket'),
  });
  t.deepEqual(
    found.services.flatMap(({ ports }) => ports.map(({ port }) => port)),
    [2222],
  );
});

test('a generated unit of normal rank gives way to /etc alone', async (t) => {
  const program = async (nodes: Nodes): Promise<string | undefined> =>
    service(await inspectSystemd({ ...QUADLET, ...nodes }), 'app.service')?.command[0];
  t.is(await program({}), '/usr/bin/podman');
  t.is(await program({ '/etc/systemd/system/app.service': '[Service]\nExecStart=/usr/bin/app\n' }), '/usr/bin/app');
});

test('ConditionFirstBoot= holds on the first boot, and then alone', async (t) => {
  const unit = {
    '/lib/systemd/system/app.service': '[Unit]\nConditionFirstBoot=yes\n[Service]\nExecStart=/usr/bin/app\n',
    [`${WANTED}/app.service`]: link('/lib/systemd/system/app.service'),
  };
  t.deepEqual(enabledNames(await inspectSystemd({ ...unit, '/etc/machine-id': 'uninitialized\n' })), ['app.service']);
  t.deepEqual(enabledNames(await inspectSystemd(unit)), []);
});

test('a socket with Accept=yes needs a template: the plain service does not do', async (t) => {
  const socket = {
    '/lib/systemd/system/app.socket': '[Socket]\nListenStream=7000\nAccept=yes\n',
    '/etc/systemd/system/sockets.target.wants/app.socket': link('/lib/systemd/system/app.socket'),
  };
  const run = '[Service]\nExecStart=/usr/bin/app\n';
  const plain = await inspectSystemd({ ...socket, '/lib/systemd/system/app.service': run });
  t.deepEqual(enabledNames(plain), []);
  t.deepEqual(codes(plain), ['socket-without-service']);
  t.deepEqual(enabledNames(await inspectSystemd({ ...socket, '/lib/systemd/system/app@.service': run })), [
    'app.socket',
  ]);
});

test('a socket without Accept= needs the plain service: a template does not do', async (t) => {
  const found = await inspectSystemd({
    '/lib/systemd/system/app.socket': '[Socket]\nListenStream=7000\n',
    '/etc/systemd/system/sockets.target.wants/app.socket': link('/lib/systemd/system/app.socket'),
    '/lib/systemd/system/app@.service': '[Service]\nExecStart=/usr/bin/app\n',
  });
  t.deepEqual(enabledNames(found), []);
  t.deepEqual(codes(found), ['socket-without-service']);
});

test('services of snaps are said to be of snaps', async (t) => {
  const found = await inspectSystemd({
    '/etc/systemd/system/snap.lxd.daemon.service': '[Service]\nExecStart=/usr/bin/snap run lxd.daemon\n',
    [`${WANTED}/snap.lxd.daemon.service`]: link('../snap.lxd.daemon.service'),
    '/usr/bin/snap': executable(),
  });
  t.deepEqual(
    found.fit.map(({ rule, evidence }) => [rule, evidence[0]?.path]),
    [['snap', '/etc/systemd/system/snap.lxd.daemon.service']],
  );
});

for (const prefix of ['@', '-', ':', '+', '!', '!!', '|', '-+', '@-:!']) {
  test(`the prefix ${prefix} of ExecStart= is no part of the program`, async (t) => {
    const zeroth = prefix.includes('@') ? ' zeroth' : '';
    const found = await inspectSystemd({
      '/lib/systemd/system/app.service': `[Service]\nUser=nobody\nExecStart=${prefix}/usr/bin/app${zeroth} -a $X\nEnvironment=X=1\n`,
      [`${WANTED}/app.service`]: link('/lib/systemd/system/app.service'),
    });
    const { command, user } = service(found, 'app.service')!;
    t.deepEqual(command, ['/usr/bin/app', '-a', prefix.includes(':') ? '$X' : '1']);
    t.is(user, prefix.includes('+') ? 'root' : 'nobody');
  });
}
