// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the braces are those of the shell
import test from 'ava';
import { parseJobFile } from '../../../../src/inspect/services/upstart/job-file.js';
import { codes, enabledNames, executable, inspect, link, type Nodes, service } from '../helpers/inspect.js';

const MACHINE: Nodes = {
  '/sbin/init': executable(),
  '/sbin/initctl': executable(),
  '/etc/init/rc-sysinit.conf':
    'start on (filesystem and static-network-up) or failsafe-boot\nstop on runlevel\nenv DEFAULT_RUNLEVEL=2\ntask\nscript\ntelinit "${DEFAULT_RUNLEVEL}"\nend script\n',
  '/etc/init/rc.conf': 'start on runlevel [0123456]\ntask\nexec /etc/init.d/rc $RUNLEVEL\n',
  '/etc/init.d/rc': executable('#!/bin/sh\n'),
  '/usr/sbin/app': executable(),
};

const starts = test.macro({
  async exec(t, condition: string, expected: boolean) {
    const found = await inspect({
      ...MACHINE,
      '/etc/init/app.conf': `start on ${condition}\nexec /usr/sbin/app\n`,
      '/etc/init/first.conf': 'start on filesystem\nexec /usr/sbin/app 1\n',
      '/etc/init/once.conf': 'start on startup\ntask\nexec /usr/sbin/app 2\n',
    });
    t.is(service(found, 'app')!.enabled, expected);
  },
  title: (_, condition: string, expected: boolean) =>
    `start on ${condition.replaceAll(/\s+/g, ' ')}: ${expected ? 'a boot starts it' : 'a boot does not'}`,
});
test(starts, 'runlevel [2345]', true);
test(starts, 'runlevel [345]', false);
test(starts, 'runlevel RUNLEVEL=2', true);
test(starts, 'runlevel [!2345]', false);
test(starts, 'startup', true);
test(starts, '(local-filesystems and net-device-up IFACE!=lo)', true);
test(starts, 'net-device-up IFACE=wlan9', false);
test(starts, 'started first', true);
test(starts, 'started JOB=first', true);
test(starts, 'started gone', false);
test(starts, 'stopped once', true);
test(starts, 'stopped first', false);
test(starts, 'starting gone or runlevel 2', true);
test(starts, '(started first\n  and\n  stopped rc RUNLEVEL=[2345])', true);
test(starts, 'control-alt-delete', false);
test(starts, 'desktop-session-start and runlevel [2345]', false);

async function job(text: string, nodes: Nodes = {}) {
  const found = await inspect({ ...MACHINE, '/etc/init/app.conf': `start on startup\n${text}`, ...nodes });
  return { found, app: service(found, 'app')! };
}

test('stanzas say how the program runs', async (t) => {
  const { app } = await job(
    'description "My app"\nenv PORT=80\nenv NAME="a b"\nsetuid www\nsetgid web\nchdir /srv\nexpect fork\nrespawn\nlimit nofile 1000 2000\nkill signal INT\nexec /usr/sbin/app -p $PORT\n',
  );
  t.like(app, {
    description: 'My app',
    user: 'www',
    group: 'web',
    workingDirectory: '/srv',
    type: 'forking',
    restart: 'always',
    stopSignal: 'SIGINT',
    command: ['/usr/sbin/app', '-p', '80'],
    inferred: false,
  });
  t.deepEqual({ ...app.environment }, { PORT: '80', NAME: 'a b' });
  t.is(app.limits.openFiles, 1000);
  t.deepEqual(app.evidence, [{ path: '/etc/init/app.conf', line: 12 }]);
});

test('the program of a script is inferred', async (t) => {
  const { app } = await job(
    'script\n  [ -r /etc/default/app ] && . /etc/default/app\n  exec start-stop-daemon --start -c www --exec /usr/sbin/app -- $ARGS\nend script\n',
    { '/etc/default/app': 'ARGS="-x"\n' },
  );
  t.like(app, { command: ['/usr/sbin/app', '-x'], user: 'www', inferred: true });
  t.is(app.evidence[0]!.line, 3);
});

test('a pre-start that stops the job keeps it from running', async (t) => {
  const { found, app } = await job(
    'pre-start script\n  [ -e /etc/app.enabled ] || { stop; exit 0; }\nend script\nexec /usr/sbin/app\n',
  );
  t.false(app.enabled);
  t.deepEqual(codes(found), ['service-starts-nothing']);
});

test('an override switches a job off', async (t) => {
  const { app } = await job('exec /usr/sbin/app\n', { '/etc/init/app.override': 'manual\n' });
  t.false(app.enabled);
});

test('an override replaces stanzas', async (t) => {
  const { app } = await job('exec /usr/sbin/app\n', { '/etc/init/app.override': 'exec /usr/sbin/app -o\n' });
  t.deepEqual(app.command, ['/usr/sbin/app', '-o']);
});

test('a job without a program only stands for a state', async (t) => {
  t.like((await job('')).app, { role: 'system', reason: 'group', enabled: true });
});

test('init scripts of the run level run too, unless a job has their name', async (t) => {
  const script = executable('#!/bin/sh\nstart-stop-daemon --start --exec /usr/sbin/app\n');
  const found = await inspect({
    ...MACHINE,
    '/etc/init/app.conf': 'exec /usr/sbin/app\n',
    '/etc/init.d/app': script,
    '/etc/rc2.d/S1': 'x',
    '/etc/rc2.d/S01app': link('../init.d/app'),
    '/etc/init.d/old': script,
    '/etc/rc2.d/S02old': link('../init.d/old'),
  });
  t.true(enabledNames(found).includes('old'));
  t.false(enabledNames(found).includes('app'));
});

test('a job file is read to the end of its scripts', (t) => {
  t.deepEqual(
    parseJobFile('# c\npre-start script\n  a\nend script\npost-stop exec rm x # why\nexec b \\\n  c\n').map(
      ({ name, value, line }) => [name, value, line],
    ),
    [
      ['pre-start script', '  a', 3],
      ['post-stop exec', 'rm x', 5],
      ['exec', 'b  c', 6],
    ],
  );
});
