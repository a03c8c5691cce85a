// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the braces are those of the shell
import test from 'ava';
import { enabledNames, executable, inspect, link, type Nodes, service } from '../helpers/inspect.js';

const MACHINE: Nodes = {
  '/bin/busybox': executable(),
  '/sbin/init': link('/bin/busybox'),
  '/sbin/openrc': executable(),
  '/etc/inittab': '::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\ntty1::respawn:/sbin/getty 38400 tty1\n',
  '/usr/sbin/app': executable(),
};
const RUN = '#!/sbin/openrc-run\n';

async function app(text: string, nodes: Nodes = {}) {
  const found = await inspect({
    ...MACHINE,
    '/etc/init.d/app': executable(RUN + text),
    '/etc/runlevels/default/app': link('/etc/init.d/app'),
    ...nodes,
  });
  return service(found, 'app')!;
}

test('variables describe a daemon, conf.d gives their values', async (t) => {
  const found = await app(
    'command=/usr/sbin/app\ncommand_args="-p ${PORT:-80} $EXTRA"\ncommand_user=www:web\ncommand_background=yes\ndirectory=/srv\ndescription="My app"\n',
    { '/etc/conf.d/app': 'PORT=8080\nEXTRA="-a -b"\n' },
  );
  t.like(found, {
    init: 'openrc',
    enabled: true,
    command: ['/usr/sbin/app', '-p', '8080', '-a', '-b'],
    user: 'www',
    group: 'web',
    type: 'simple',
    workingDirectory: '/srv',
    description: 'My app',
    inferred: false,
  });
  t.deepEqual(found.evidence[0], { path: '/etc/init.d/app', line: 2 });
});

test('a start function is followed', async (t) => {
  const found = await app(
    'depend() {\n need net\n}\nstart() {\n ebegin "Starting"\n start-stop-daemon --start --background --user www --exec /usr/sbin/app -- -x\n eend $?\n}\nstop() { start-stop-daemon --stop --exec /usr/sbin/other; }\n',
  );
  t.like(found, { command: ['/usr/sbin/app', '-x'], user: 'www', inferred: true, type: 'simple' });
});

test('supervise-daemon keeps its program', async (t) => {
  t.like(await app('supervisor=supervise-daemon\ncommand=/usr/sbin/app\ncommand_args_foreground="-f"\n'), {
    command: ['/usr/sbin/app', '-f'],
    restart: 'always',
  });
});

test('services of sysinit, boot and default are started, others not', async (t) => {
  const script = executable(`${RUN}command=/usr/sbin/app\n`);
  const nodes: Nodes = { ...MACHINE };
  for (const level of ['sysinit', 'boot', 'default', 'shutdown', 'nonetwork']) {
    nodes[`/etc/init.d/${level}-app`] = script;
    nodes[`/etc/runlevels/${level}/${level}-app`] = link(`/etc/init.d/${level}-app`);
  }
  t.deepEqual(
    enabledNames(await inspect(nodes)).filter((name) => name.endsWith('-app')),
    ['boot-app', 'default-app', 'sysinit-app'],
  );
});

test('what a service needs is started with it, what it uses is not', async (t) => {
  const nodes = {
    '/etc/init.d/db': executable(`${RUN}command=/usr/sbin/app\n`),
    '/etc/init.d/cache': executable(`${RUN}command=/usr/sbin/app\n`),
  };
  const found = await inspect({
    ...MACHINE,
    ...nodes,
    '/etc/init.d/app': executable(`${RUN}command=/usr/sbin/app\ndepend() {\n  need db\n  use cache\n}\n`),
    '/etc/runlevels/default/app': link('/etc/init.d/app'),
  });
  t.deepEqual(
    enabledNames(found).filter((name) => !name.startsWith('inittab')),
    ['app', 'db'],
  );
});

test('a run level within a run level is stacked on it', async (t) => {
  const found = await inspect({
    ...MACHINE,
    '/etc/init.d/app': executable(`${RUN}command=/usr/sbin/app\n`),
    '/etc/runlevels/default/extra': link('/etc/runlevels/extra'),
    '/etc/runlevels/extra/app': link('/etc/init.d/app'),
  });
  t.true(enabledNames(found).includes('app'));
});

test('a service of several instances reads the settings of its stem and its own', async (t) => {
  const found = await inspect({
    ...MACHINE,
    '/etc/init.d/app': executable(`${RUN}command=/usr/sbin/app\ncommand_args="$A $B"\n`),
    '/etc/init.d/app.two': link('app'),
    '/etc/conf.d/app': 'A=stem\n',
    '/etc/conf.d/app.two': 'B=own\n',
    '/etc/runlevels/default/app.two': link('/etc/init.d/app.two'),
  });
  t.deepEqual(service(found, 'app.two')!.command, ['/usr/sbin/app', 'stem', 'own']);
});
