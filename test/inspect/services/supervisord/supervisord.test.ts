import test from 'ava';
import { parseEnvironment } from '../../../../src/inspect/services/supervisord/index.js';
import { codes, enabledNames, executable, inspectSystemd, type Nodes, service, wanted } from '../helpers/inspect.js';

const RUNNING: Nodes = {
  ...wanted('supervisor.service', 'ExecStart=/usr/bin/supervisord -n -c /etc/supervisor/supervisord.conf'),
  '/usr/bin/supervisord': executable(),
  '/etc/supervisor/supervisord.conf': '[supervisord]\nlogfile=/var/log/x ; comment\n[include]\nfiles = conf.d/*.conf\n',
};

test('programs of included files are services, and the supervisor is the system’s', async (t) => {
  const found = await inspectSystemd({
    ...RUNNING,
    '/etc/supervisor/conf.d/w.conf':
      '[program:worker]\ncommand=app --name %(program_name)s "a b" ; why\ndirectory=/srv\nuser=www\nenvironment=A="1,2",B=x\nautorestart=true\nstopsignal=QUIT\n',
  });
  t.like(service(found, 'worker'), {
    init: 'supervisord',
    enabled: true,
    role: 'application',
    command: ['/usr/bin/app', '--name', 'worker', 'a b'],
    user: 'www',
    workingDirectory: '/srv',
    restart: 'always',
    stopSignal: 'SIGQUIT',
    evidence: [{ path: '/etc/supervisor/conf.d/w.conf', line: 2 }],
  });
  t.deepEqual({ ...service(found, 'worker')!.environment }, { A: '1,2', B: 'x' });
  t.is(service(found, 'supervisor.service')!.role, 'system');
});

test('numprocs makes as many processes, and a group gives its name to those of its programs', async (t) => {
  const found = await inspectSystemd({
    ...RUNNING,
    '/etc/supervisor/conf.d/w.conf':
      '[program:web]\ncommand=/usr/bin/app --port 80%(process_num)02d\nprocess_name=%(program_name)s_%(process_num)02d\nnumprocs=2\nnumprocs_start=1\n[program:queue]\ncommand=/usr/bin/app\n[group:shop]\nprograms=queue\n',
  });
  t.deepEqual(
    found.services.filter(({ init }) => init === 'supervisord').map(({ name, command }) => [name, command.at(-1)]),
    [
      ['shop:queue', '/usr/bin/app'],
      ['web:web_01', '8001'],
      ['web:web_02', '8002'],
    ],
  );
});

test('a program without autostart is not enabled, one without a command or program is a problem', async (t) => {
  const found = await inspectSystemd({
    ...RUNNING,
    '/etc/supervisor/conf.d/w.conf':
      '[program:a]\ncommand=/usr/bin/app\nautostart=false\n[program:b]\nuser=x\n[program:c]\ncommand=/gone\n',
  });
  t.deepEqual(enabledNames(found), ['supervisor.service']);
  t.deepEqual(codes(found), ['service-without-command', 'program-missing']);
});

test('without a running supervisor its programs are not enabled', async (t) => {
  const found = await inspectSystemd({ '/etc/supervisor/supervisord.conf': '[program:a]\ncommand=/usr/bin/app\n' });
  t.false(service(found, 'a')!.enabled);
});

test('the socket of a fcgi-program is listened on', async (t) => {
  const found = await inspectSystemd({
    ...RUNNING,
    '/etc/supervisor/conf.d/w.conf':
      '[fcgi-program:a]\ncommand=/usr/bin/app\nsocket=tcp://localhost:9001\n[fcgi-program:b]\ncommand=/usr/bin/app\nsocket=unix:///run/b.sock\n',
  });
  t.deepEqual(service(found, 'a')!.ports, [
    { port: 9001, protocol: 'tcp', address: '127.0.0.1', evidence: { path: '/etc/supervisor/conf.d/w.conf', line: 3 } },
  ]);
  t.deepEqual(service(found, 'b')!.listens, ['/run/b.sock']);
});

test('an environment with quotes and commas is read', (t) => {
  t.deepEqual(parseEnvironment(`A="x,y", B='z',C=1 2`), [
    ['A', 'x,y'],
    ['B', 'z'],
    ['C', '1 2'],
  ]);
});
