import test from 'ava';
import {
  codes,
  enabledNames,
  executable,
  inspectSystemd,
  link,
  type Nodes,
  SYSTEMD,
  service,
  UNITS,
  WANTED,
  wanted,
} from '../helpers/inspect.js';

const RUN = 'ExecStart=/usr/bin/app';

/** Which of the services of a guest a boot starts. */
const starts = test.macro(async (t, nodes: Nodes, expected: readonly string[]) => {
  t.deepEqual(enabledNames(await inspectSystemd(nodes)), expected);
});

test('a service that the default target wants is enabled', starts, wanted('app.service', RUN), ['app.service']);
test(
  'a service that no link pulls in is not',
  starts,
  { [`${UNITS}/app.service`]: `[Service]\n${RUN}\n[Install]\nWantedBy=multi-user.target\n` },
  [],
);
test(
  'a link in .requires counts like one in .wants',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    '/etc/systemd/system/multi-user.target.requires/app.service': link(`${UNITS}/app.service`),
  },
  ['app.service'],
);
test(
  'a link in .upholds counts too',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    '/etc/systemd/system/multi-user.target.upholds/app.service': link(`${UNITS}/app.service`),
  },
  ['app.service'],
);
test(
  'a link in /usr/lib is as good as one in /etc',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    [`${UNITS}/multi-user.target.wants/app.service`]: link('../app.service'),
  },
  ['app.service'],
);
for (const setting of ['Wants', 'Requires', 'BindsTo', 'Upholds']) {
  test(
    `${setting}= of a started unit starts what it names`,
    starts,
    {
      ...wanted('app.service', RUN, `${setting}=helper.service`),
      [`${UNITS}/helper.service`]: `[Service]\n${RUN} --help`,
    },
    ['app.service', 'helper.service'],
  );
}
for (const setting of ['After', 'PartOf']) {
  test(
    `${setting}= starts nothing`,
    starts,
    {
      ...wanted('app.service', RUN, `${setting}=helper.service`),
      [`${UNITS}/helper.service`]: `[Service]\n${RUN}`,
    },
    ['app.service'],
  );
}
test(
  'Requisite= fails a unit when the other is not started',
  starts,
  { ...wanted('app.service', RUN, 'Requisite=helper.service'), [`${UNITS}/helper.service`]: `[Service]\n${RUN}` },
  [],
);
test(
  'Requisite= of a started unit changes nothing',
  starts,
  { ...wanted('app.service', RUN, 'Requisite=helper.service'), ...wanted('helper.service', RUN) },
  ['app.service', 'helper.service'],
);
test(
  'a service wanted only by graphical.target is not started when the machine boots to multi-user.target',
  starts,
  {
    [`${UNITS}/graphical.target`]: '[Unit]\nRequires=multi-user.target',
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    '/etc/systemd/system/graphical.target.wants/app.service': link(`${UNITS}/app.service`),
  },
  [],
);
test(
  'default.target in /etc decides over the one in /usr',
  starts,
  {
    '/etc/systemd/system/default.target': link('/lib/systemd/system/graphical.target'),
    [`${UNITS}/graphical.target`]: '[Unit]\nRequires=multi-user.target',
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    '/etc/systemd/system/graphical.target.wants/app.service': link(`${UNITS}/app.service`),
  },
  ['app.service'],
);
test(
  'what lies in /run on the disk does not count',
  starts,
  {
    '/run/systemd/system/app.service': `[Service]\n${RUN}`,
    '/run/systemd/system/multi-user.target.wants/app.service': link('../app.service'),
  },
  [],
);
test(
  'a mask in /etc hides the unit',
  starts,
  { ...wanted('app.service', RUN), '/etc/systemd/system/app.service': link('/dev/null') },
  [],
);
test('an empty file is a mask', starts, { ...wanted('app.service', RUN), '/etc/systemd/system/app.service': '' }, []);
test(
  'a relative link to /dev/null is a mask',
  starts,
  {
    ...wanted('app.service', RUN),
    '/etc/systemd/system/app.service': link('../../../dev/null'),
    '/dev/null': { type: 'character' },
  },
  [],
);
test(
  'a mask of the link in .wants takes the link away',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    [`${UNITS}/multi-user.target.wants/app.service`]: link('../app.service'),
    [`${WANTED}/app.service`]: link('/dev/null'),
  },
  [],
);
test(
  'a unit that requires a masked one is not started',
  starts,
  { ...wanted('app.service', RUN, 'Requires=db.service'), '/etc/systemd/system/db.service': link('/dev/null') },
  [],
);
test(
  'a unit that requires one that does not exist is not started',
  starts,
  wanted('app.service', RUN, 'Requires=db.service'),
  [],
);
test(
  'a unit that merely wants one that does not exist is started',
  starts,
  wanted('app.service', RUN, 'Wants=db.service'),
  ['app.service'],
);
test(
  'what only a failing unit pulls in is not started either',
  starts,
  {
    ...wanted('app.service', RUN, 'Requires=db.service\nWants=helper.service'),
    [`${UNITS}/helper.service`]: `[Service]\n${RUN}`,
  },
  [],
);
test(
  'of two that conflict the one that is named is not started',
  starts,
  { ...wanted('a.service', RUN, 'Conflicts=b.service'), ...wanted('b.service', RUN) },
  ['a.service'],
);
test(
  'a conflict with what is not started changes nothing',
  starts,
  wanted('a.service', RUN, 'Conflicts=b.service shutdown.target'),
  ['a.service'],
);
test(
  'an instance is read from its template',
  starts,
  { [`${UNITS}/app@.service`]: `[Service]\n${RUN} %i`, [`${WANTED}/app@one.service`]: link(`${UNITS}/app@.service`) },
  ['app@one.service'],
);
test(
  'a template by itself starts nothing',
  starts,
  { [`${UNITS}/app@.service`]: `[Service]\n${RUN}`, [`${WANTED}/app@.service`]: link(`${UNITS}/app@.service`) },
  [],
);
test(
  'an alias pulls in the unit behind it, under its own name',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    '/etc/systemd/system/web.service': link('/lib/systemd/system/app.service'),
    [`${WANTED}/web.service`]: link('/lib/systemd/system/app.service'),
  },
  ['app.service'],
);
test(
  'a service whose program is not on the disk does not come up',
  starts,
  wanted('app.service', 'ExecStart=/usr/bin/gone'),
  [],
);
test(
  'a service whose environment file is missing does not come up',
  starts,
  wanted('app.service', `EnvironmentFile=/etc/gone\n${RUN}`),
  [],
);
test(
  'an environment file that may be missing changes nothing',
  starts,
  wanted('app.service', `EnvironmentFile=-/etc/gone\n${RUN}`),
  ['app.service'],
);
test(
  'nor does one whose pattern for environment files finds none',
  starts,
  wanted('app.service', `EnvironmentFile=/etc/gone/*.env\n${RUN}`),
  [],
);
test('a missing environment file is told of where a boot needs it', async (t) => {
  const file = `EnvironmentFile=/etc/gone\n${RUN}`;
  const told = codes(await inspectSystemd(wanted('app.service', file)));
  t.deepEqual(told, ['environment-file-missing']);
  const unmet = wanted('app.service', file, 'ConditionPathExists=/etc/gone');
  t.deepEqual(codes(await inspectSystemd(unmet)), []);
});
test('Sockets= starts the sockets that it names', async (t) => {
  const found = await inspectSystemd({
    ...wanted('app.service', `Sockets=other.socket\n${RUN}`),
    [`${UNITS}/other.socket`]: '[Socket]\nListenStream=7000\nService=app.service',
  });
  t.deepEqual(
    service(found, 'app.service')?.ports.map(({ port }) => port),
    [7000],
  );
});

test('a masked service is listed with the command that the mask hides', async (t) => {
  const found = await inspectSystemd({
    ...wanted('app.service', `${RUN} -x`),
    '/etc/systemd/system/app.service': link('/dev/null'),
  });
  t.false(service(found, 'app.service')!.enabled);
  t.deepEqual(service(found, 'app.service')!.command, ['/usr/bin/app', '-x']);
});

test('a missing program is a located problem', async (t) => {
  const found = await inspectSystemd(wanted('app.service', 'ExecStart=/usr/bin/gone'));
  t.deepEqual(
    found.problems.map(({ code, path }) => [code, path]),
    [['program-missing', `${UNITS}/app.service`]],
  );
});

test('aliases that lead in a circle are a problem and end', async (t) => {
  const found = await inspectSystemd({
    '/etc/systemd/system/a.service': link('/etc/systemd/system/b.service'),
    '/etc/systemd/system/b.service': link('/etc/systemd/system/a.service'),
    [`${WANTED}/a.service`]: link('../a.service'),
  });
  t.true(codes(found).includes('unit-alias-loop'));
  t.deepEqual(enabledNames(found), []);
});

test('a unit linked from outside of the search path keeps its name', async (t) => {
  const found = await inspectSystemd({
    '/opt/shop/shop.service': `[Service]\n${RUN}`,
    '/etc/systemd/system/shop.service': link('/opt/shop/shop.service'),
    [`${WANTED}/shop.service`]: link('/opt/shop/shop.service'),
  });
  t.deepEqual(enabledNames(found), ['shop.service']);
});

test('single on the kernel command line boots to rescue.target', async (t) => {
  const found = await inspectSystemd({
    ...wanted('app.service', RUN),
    '/boot/grub/grub.cfg': 'menuentry x {\n  linux /vmlinuz root=/dev/sda1 ro single\n}\n',
    [`${UNITS}/rescue.target`]: '[Unit]',
  });
  t.deepEqual(enabledNames(found), []);
});

test('systemd.unit= of the kernel command line decides over default.target', async (t) => {
  const found = await inspectSystemd({
    ...wanted('app.service', RUN),
    '/etc/default/grub': 'GRUB_CMDLINE_LINUX="systemd.unit=own.target"\n',
    [`${UNITS}/own.target`]: '[Unit]\nWants=other.service',
    [`${UNITS}/other.service`]: `[Service]\n${RUN}`,
  });
  t.deepEqual(enabledNames(found), ['other.service']);
});

const unlinked = { [`${UNITS}/app.service`]: `[Service]\n${RUN}\n[Install]\nWantedBy=multi-user.target\n` };
const PRESETS = '/usr/lib/systemd/system-preset';

test(
  'a machine that never booted enables by preset what has an [Install] section',
  starts,
  { ...unlinked, '/etc/machine-id': 'uninitialized\n' },
  ['app.service'],
);
test('an empty machine-id is no first boot', starts, { ...unlinked, '/etc/machine-id': '' }, []);
test(
  'a preset that disables a service is respected',
  starts,
  { ...unlinked, '/etc/machine-id': 'uninitialized\n', [`${PRESETS}/90-own.preset`]: 'disable app.*\n' },
  [],
);
test(
  'the first preset rule that matches counts, in the order of file names',
  starts,
  {
    ...unlinked,
    '/etc/machine-id': 'uninitialized\n',
    [`${PRESETS}/90-own.preset`]: 'disable *\n',
    '/etc/systemd/system-preset/10-mine.preset': 'enable app.service\n',
  },
  ['app.service'],
);
test(
  'presets of a machine that has booted count for nothing',
  starts,
  { ...unlinked, [`${PRESETS}/90-own.preset`]: 'enable *\n' },
  [],
);
test('a missing machine-id is a first boot', async (t) => {
  const { '/etc/machine-id': _, ...rest } = SYSTEMD;
  const { inspect } = await import('../helpers/inspect.js');
  t.deepEqual(enabledNames(await inspect({ ...rest, ...unlinked })), ['app.service']);
});
test(
  'a preset gives a template its DefaultInstance',
  starts,
  {
    '/etc/machine-id': 'uninitialized\n',
    [`${UNITS}/app@.service`]: `[Service]\n${RUN} %i\n[Install]\nWantedBy=multi-user.target\nDefaultInstance=main\n`,
  },
  ['app@main.service'],
);

test(
  'a path unit starts its service at boot when what it waits for is there',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    [`${UNITS}/app.path`]: '[Path]\nPathExists=/var/spool/app/go',
    [`${UNITS}/paths.target.wants/app.path`]: link('../app.path'),
    '/var/spool/app/go': 'x',
  },
  ['app.service'],
);
test(
  'a path unit that waits starts nothing',
  starts,
  {
    [`${UNITS}/app.service`]: `[Service]\n${RUN}`,
    [`${UNITS}/app.path`]: '[Path]\nPathExists=/var/spool/app/go',
    [`${UNITS}/paths.target.wants/app.path`]: link('../app.path'),
  },
  [],
);

test('a lingering user has a manager of his own', async (t) => {
  const found = await inspectSystemd({
    '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/bash\n',
    '/var/lib/systemd/linger/ann': '',
    '/usr/lib/systemd/user/default.target': '[Unit]',
    '/home/ann/.config/systemd/user/bot.service': '[Service]\nExecStart=/home/ann/bot --home %h\n',
    '/home/ann/.config/systemd/user/default.target.wants/bot.service': link('../bot.service'),
    '/home/ann/bot': executable(),
  });
  const bot = service(found, 'user@1000.service/bot.service')!;
  t.true(bot.enabled);
  t.is(bot.user, 'ann');
  t.deepEqual(bot.command, ['/home/ann/bot', '--home', '/home/ann']);
});
