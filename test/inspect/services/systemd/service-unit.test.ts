import test from 'ava';
import type { Service } from '../../../../src/model/services.js';
import {
  codes,
  executable,
  inspectSystemd,
  link,
  type Nodes,
  service,
  UNITS,
  WANTED,
  wanted,
} from '../helpers/inspect.js';

async function read(text: string, nodes: Nodes = {}): Promise<Service> {
  const found = await inspectSystemd({ ...wanted('app.service', text), ...nodes });
  return service(found, 'app.service')!;
}

const commandOf = test.macro(async (t, text: string, expected: readonly string[]) => {
  t.deepEqual((await read(text)).command, expected);
});

test('words are split at blanks', commandOf, 'ExecStart=/usr/bin/app  -a\t-b', ['/usr/bin/app', '-a', '-b']);
test('double and single quotes hold words together', commandOf, `ExecStart=/usr/bin/app "a b" 'c "d"'`, [
  '/usr/bin/app',
  'a b',
  'c "d"',
]);
test('escapes of C are undone', commandOf, 'ExecStart=/usr/bin/app a\\x20b \\t "c\\"d" \\u00e9 \\101', [
  '/usr/bin/app',
  'a b',
  '\t',
  'c"d',
  'é',
  'A',
]);
test(
  'a backslash at the end of a line continues it, past comments',
  commandOf,
  'ExecStart=/usr/bin/app \\\n# not this\n  -a \\\n; nor this\n  -b',
  ['/usr/bin/app', '-a', '-b'],
);
test('prefixes are no part of the program', commandOf, 'ExecStart=-+:/usr/bin/app $X', ['/usr/bin/app', '$X']);
test('the prefix @ gives another name as first argument', commandOf, 'ExecStart=@/usr/bin/app other -a', [
  '/usr/bin/app',
  '-a',
]);
test('a program without a slash is searched for', commandOf, 'ExecStart=app -a', ['/usr/bin/app', '-a']);
test(
  'an empty assignment forgets the commands before it',
  commandOf,
  'ExecStart=/bin/true\nExecStart=\nExecStart=/usr/bin/app',
  ['/usr/bin/app'],
);
test(
  'a variable as a word of its own is split, braces keep it whole',
  commandOf,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: systemd's own syntax
  'Environment="A=x y"\nExecStart=/usr/bin/app $A ${A} -${A}-',
  ['/usr/bin/app', 'x', 'y', 'x y', '-x y-'],
);
// biome-ignore lint/suspicious/noTemplateCurlyInString: systemd's own syntax
test('an unset variable as a word vanishes, in braces it is empty', commandOf, 'ExecStart=/usr/bin/app $A ${A}', [
  '/usr/bin/app',
  '',
]);
test('two dollars are one', commandOf, 'ExecStart=/usr/bin/app $$A', ['/usr/bin/app', '$A']);
test('an escaped semicolon is an argument', commandOf, 'ExecStart=/usr/bin/app \\;', ['/usr/bin/app', ';']);
test(
  'specifiers of the unit and the machine are expanded',
  commandOf,
  'ExecStart=/usr/bin/app %n %N %p %H %m %% %t %S %u',
  [
    '/usr/bin/app',
    'app.service',
    'app',
    'app',
    'box',
    '0123456789abcdef0123456789abcdef',
    '%',
    '/run',
    '/var/lib',
    'root',
  ],
);

test('the instance of a template is a specifier, escaped and not', async (t) => {
  const found = await inspectSystemd({
    [`${UNITS}/app@.service`]: '[Service]\nExecStart=/usr/bin/app %i %I %f %p',
    [`${WANTED}/app@var-lib\\x2dx.service`]: link(`${UNITS}/app@.service`),
  });
  t.deepEqual(found.services.find(({ name }) => name.startsWith('app@'))!.command, [
    '/usr/bin/app',
    'var-lib\\x2dx',
    'var/lib-x',
    '/var/lib-x',
    'app',
  ]);
});

test('a semicolon separates the commands of a oneshot; the last is the command, the others prepare', async (t) => {
  const app = await read('Type=oneshot\nExecStartPre=/bin/true 0\nExecStart=/bin/true 1 ; /usr/bin/app 2');
  t.deepEqual(
    app.prepare.map(({ command }) => command),
    [
      ['/bin/true', '0'],
      ['/bin/true', '1'],
    ],
  );
  t.deepEqual(app.command, ['/usr/bin/app', '2']);
});

test('a preparation with + runs as root, one without as the user', async (t) => {
  const app = await read('User=www\nExecStartPre=+/bin/true a\nExecStartPre=/bin/true b\nExecStart=/usr/bin/app');
  t.deepEqual(
    app.prepare.map(({ privileged }) => privileged),
    [true, false],
  );
});

test('PermissionsStartOnly= makes every preparation root', async (t) => {
  const app = await read('User=www\nPermissionsStartOnly=yes\nExecStartPre=/bin/true\nExecStart=/usr/bin/app');
  t.true(app.prepare[0]!.privileged);
});

test('environment files win over Environment=, and UnsetEnvironment= over both', async (t) => {
  const app = await read(
    'EnvironmentFile=/etc/app.env\nEnvironment=A=unit B=unit "C=x y"\nUnsetEnvironment=D\nExecStart=/usr/bin/app',
    {
      '/etc/app.env':
        '# comment\n; comment\nA="file # kept"\nD=gone\nE=one\\\ntwo\nexport F=no\nnonsense\nG=\'a b\' \n',
    },
  );
  t.deepEqual({ ...app.environment }, { A: 'file # kept', B: 'unit', C: 'x y', E: 'onetwo', G: 'a b' });
});

test('environment files may be a glob, and variables from them reach the command', async (t) => {
  const app = await read('EnvironmentFile=/etc/app.d/*.env\nExecStart=/usr/bin/app $ARGS', {
    '/etc/app.d/1.env': 'ARGS=-a\n',
    '/etc/app.d/2.env': 'ARGS=-b -c\n',
  });
  t.deepEqual(app.command, ['/usr/bin/app', '-b', '-c']);
});

test('DefaultEnvironment= of the manager is inherited', async (t) => {
  const app = await read('ExecStart=/usr/bin/app', {
    '/etc/systemd/system.conf': '[Manager]\nDefaultEnvironment=A=1\n',
  });
  t.is(app.environment.A, '1');
});

test('a variable named __proto__ is a variable', async (t) => {
  const app = await read('Environment=__proto__=x\nExecStart=/usr/bin/app');
  t.deepEqual(Object.entries(app.environment), [['__proto__', 'x']]);
});

test('user, group, folders, limits, capabilities and signals are read', async (t) => {
  const app = await read(
    'Type=notify\nUser=www\nGroup=web\nWorkingDirectory=-/srv/app\nRuntimeDirectory=app app/x\nRuntimeDirectoryMode=0750\nStateDirectory=app:link\nMemoryMax=1G\nCPUQuota=150%\nLimitNOFILE=1024:4096\nTasksMax=50\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=~CAP_SYS_ADMIN\nRestart=on-failure\nKillSignal=SIGQUIT\nExecStart=/usr/bin/app',
  );
  t.like(app, {
    type: 'notify',
    user: 'www',
    group: 'web',
    workingDirectory: '/srv/app',
    restart: 'on-failure',
    stopSignal: 'SIGQUIT',
  });
  t.deepEqual(app.directories, [
    { path: '/run/app', mode: 0o750 },
    { path: '/run/app/x', mode: 0o750 },
    { path: '/var/lib/app', mode: 0o755 },
  ]);
  t.deepEqual(app.limits, { memory: 2 ** 30, cpus: 1.5, openFiles: 1024, tasks: 50 });
  t.deepEqual(app.capabilities, ['CAP_NET_BIND_SERVICE']);
});

test('a share of the memory is one of the machine', async (t) => {
  const found = await inspectSystemd(wanted('app.service', 'MemoryMax=25%\nExecStart=/usr/bin/app'), {
    hardware: { memory: 4000 },
  });
  t.is(service(found, 'app.service')!.limits.memory, 1000);
});

test('folders that lead out of their place are left out', async (t) => {
  t.deepEqual(
    (await read('RuntimeDirectory=../../etc ok\nExecStart=/usr/bin/app')).directories.map(({ path }) => path),
    ['/run/ok'],
  );
});

test('DynamicUser= is a user of the name of the unit', async (t) => {
  t.is((await read('DynamicUser=yes\nExecStart=/usr/bin/app')).user, 'app');
});

test('a prefix + runs the program as root', async (t) => {
  t.is((await read('User=www\nExecStart=+/usr/bin/app')).user, 'root');
});

const typeOf = test.macro(async (t, text: string, expected: Service['type']) => {
  t.is((await read(text)).type, expected);
});
test('Type= is simple when nothing is said', typeOf, 'ExecStart=/usr/bin/app', 'simple');
test('Type= is dbus with a BusName=', typeOf, 'BusName=org.x\nExecStart=/usr/bin/app', 'dbus');
test('Type=notify-reload is notify', typeOf, 'Type=notify-reload\nExecStart=/usr/bin/app', 'notify');
test('Type=forking is kept', typeOf, 'Type=forking\nExecStart=/usr/bin/app', 'forking');

test('a oneshot that runs true only groups others', async (t) => {
  const app = await read('Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true');
  t.like(app, { role: 'system', reason: 'group', enabled: true });
});

test('a drop-in changes the unit, in the order of file names over all folders', async (t) => {
  const app = await read('ExecStart=/usr/bin/app\nEnvironment=A=0', {
    [`${UNITS}/app.service.d/20-b.conf`]: '[Service]\nEnvironment=A=20\n',
    '/etc/systemd/system/app.service.d/10-a.conf':
      '[Service]\nEnvironment=A=10\nExecStart=\nExecStart=/usr/bin/app -x\n',
  });
  t.is(app.environment.A, '20');
  t.deepEqual(app.command, ['/usr/bin/app', '-x']);
  t.deepEqual(app.evidence[0], { path: '/etc/systemd/system/app.service.d/10-a.conf', line: 4 });
});

const dropIn = test.macro(async (t, folder: string) => {
  const found = await inspectSystemd({
    ...wanted('a-b-c.service', 'ExecStart=/usr/bin/app'),
    [`/etc/systemd/system/${folder}/x.conf`]: '[Service]\nUser=changed\n',
  });
  t.is(service(found, 'a-b-c.service')!.user, 'changed');
});
test('drop-ins may be for the unit', dropIn, 'a-b-c.service.d');
test('drop-ins may be for a prefix', dropIn, 'a-b-.service.d');
test('drop-ins may be for a shorter prefix', dropIn, 'a-.service.d');
test('drop-ins may be for all services', dropIn, 'service.d');

test('drop-ins of a template and of an alias count', async (t) => {
  const found = await inspectSystemd({
    [`${UNITS}/app@.service`]: '[Service]\nExecStart=/usr/bin/app',
    [`${WANTED}/app@x.service`]: link(`${UNITS}/app@.service`),
    '/etc/systemd/system/app@.service.d/1.conf': '[Service]\nUser=template\n',
    ...wanted('web.service', 'ExecStart=/usr/bin/app'),
    '/etc/systemd/system/httpd.service': link(`${UNITS}/web.service`),
    '/etc/systemd/system/httpd.service.d/1.conf': '[Service]\nUser=alias\n',
  });
  t.is(service(found, 'app@x.service')!.user, 'template');
  t.is(service(found, 'web.service')!.user, 'alias');
});

test('a drop-in of one name in /etc hides the one in /usr, and a link to /dev/null masks it', async (t) => {
  const nodes = { [`${UNITS}/app.service.d/x.conf`]: '[Service]\nUser=low\nGroup=low\n' };
  t.like(
    await read('ExecStart=/usr/bin/app', {
      ...nodes,
      '/etc/systemd/system/app.service.d/x.conf': '[Service]\nUser=high\n',
    }),
    { user: 'high', group: null },
  );
  t.like(
    await read('ExecStart=/usr/bin/app', { ...nodes, '/etc/systemd/system/app.service.d/x.conf': link('/dev/null') }),
    { user: 'root', group: null },
  );
});

test('a unit file in /etc replaces the one in /usr as a whole', async (t) => {
  const app = await read('User=low\nExecStart=/usr/bin/app', {
    '/etc/systemd/system/app.service': '[Service]\nExecStart=/usr/bin/app -y\n',
  });
  t.like(app, { user: 'root', command: ['/usr/bin/app', '-y'] });
});

test('a unit file of a megabyte and more is a problem, not a failure', async (t) => {
  const found = await inspectSystemd({ ...wanted('app.service', `ExecStart=/usr/bin/app\n${'#'.repeat(1_100_000)}`) });
  t.true(codes(found).includes('file-too-large'));
});

test('many specifiers do not explode', async (t) => {
  const app = await read(`ExecStart=/usr/bin/app ${'%n'.repeat(50_000)}`);
  t.true(app.command.join('').length < 300_000);
});

test('a script behind a unit gives the program it starts', async (t) => {
  const app = await read('Type=forking\nExecStart=/etc/init.d/app start', {
    '/etc/init.d/app': executable('#!/bin/sh\nstart-stop-daemon --start --exec /usr/bin/app -- -d\n'),
  });
  t.like(app, { command: ['/usr/bin/app', '-d'], inferred: true });
});
