import test from 'ava';
import { codes, enabledNames, executable, inspect, link, type Nodes, service } from '../helpers/inspect.js';

const MACHINE: Nodes = {
  '/lib/runit/runit-init': executable(),
  '/sbin/init': link('/lib/runit/runit-init'),
  '/etc/service': link('runit/runsvdir/default'),
  '/usr/sbin/app': executable(),
};

function folder(name: string, run: string): Nodes {
  return { [`/etc/sv/${name}/run`]: executable(run), [`/etc/runit/runsvdir/default/${name}`]: link(`/etc/sv/${name}`) };
}

test('a run script becomes its program, as another user and with limits', async (t) => {
  const found = await inspect({
    ...MACHINE,
    ...folder('app', '#!/bin/sh\nexec 2>&1\nulimit -n 500\nexport A=1\nexec chpst -u www:web /usr/sbin/app -f $A\n'),
  });
  const app = service(found, 'app')!;
  t.like(app, {
    init: 'runit',
    enabled: true,
    command: ['/usr/sbin/app', '-f', '1'],
    user: 'www',
    group: 'web',
    restart: 'always',
  });
  t.is(app.limits.openFiles, 500);
  t.deepEqual({ ...app.environment }, { A: '1' });
  t.deepEqual(app.evidence[0], { path: '/etc/sv/app/run', line: 5 });
});

test('a folder that is not linked, or is marked down, is not started', async (t) => {
  const found = await inspect({
    ...MACHINE,
    '/etc/sv/off/run': executable('#!/bin/sh\nexec /usr/sbin/app\n'),
    ...folder('held', '#!/bin/sh\nexec /usr/sbin/app\n'),
    '/etc/sv/held/down': '',
  });
  t.deepEqual(enabledNames(found), []);
  t.deepEqual(
    found.services.map(({ name }) => name),
    ['held', 'off'],
  );
});

test('settings beside the script are read', async (t) => {
  const found = await inspect({
    ...MACHINE,
    ...folder('app', '#!/bin/sh\n. ./conf\nexec /usr/sbin/app $OPTS\n'),
    '/etc/sv/app/conf': 'OPTS="-x -y"\n',
    '/etc/sv/app/env/PORT': '80\nrest',
  });
  t.deepEqual(service(found, 'app')!.command, ['/usr/sbin/app', '-x', '-y']);
  t.is(service(found, 'app')!.environment.PORT, '80');
});

test('a run script that gives up is not started', async (t) => {
  const found = await inspect({
    ...MACHINE,
    ...folder('app', '#!/bin/sh\n[ -x /usr/sbin/gone ] || exit 1\nexec /usr/sbin/gone\n'),
  });
  t.deepEqual(enabledNames(found), []);
  t.deepEqual(codes(found), ['service-starts-nothing']);
});

test('init scripts without a service folder run as well', async (t) => {
  const script = executable('#!/bin/sh\nstart-stop-daemon --start --exec /usr/sbin/app\n');
  const found = await inspect({
    ...MACHINE,
    ...folder('app', '#!/bin/sh\nexec /usr/sbin/app\n'),
    '/etc/init.d/app': script,
    '/etc/init.d/old': script,
    '/etc/rc2.d/S01app': link('../init.d/app'),
    '/etc/rc2.d/S01old': link('../init.d/old'),
  });
  t.deepEqual(
    found.services.map(({ name, init }) => [name, init]),
    [
      ['app', 'runit'],
      ['old', 'sysvinit'],
    ],
  );
});

test('without runit or a runsvdir its folders are nothing', async (t) => {
  const { '/sbin/init': _, ...rest } = MACHINE;
  t.deepEqual(
    (
      await inspect({
        ...rest,
        ...folder('app', '#!/bin/sh\nexec /usr/sbin/app\n'),
        '/etc/inittab': 'id:2:initdefault:\n',
      })
    ).services,
    [],
  );
});
