import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import test from 'ava';
import type { Activation, Service } from '../../../src/model/services.js';
import { foregroundForm } from '../../../src/plan/containers/foreground/index.js';
import { type ImageFiles, imageFiles } from '../../../src/plan/containers/image-files.js';
import { machineOf } from '../machine.js';

const ACTIVATE = '/usr/bin/systemd-socket-activate';
const OPENBSD = ['/usr/sbin/inetd', '/usr/share/doc/openbsd-inetd/copyright'];

function imageWith(...paths: readonly string[]): ImageFiles {
  const program = { content: 'x', mode: 0o755 };
  return imageFiles(
    machineOf({ files: Object.fromEntries(['/usr/bin/sh', ...paths].map((path) => [path, program])) }).files,
  );
}

function activation(facts: Partial<Activation> = {}, ...addresses: readonly string[]): Activation {
  const sockets = (addresses.length === 0 ? ['7777'] : addresses).map((address) => ({
    kind: 'stream' as const,
    address,
  }));
  return { sockets, perConnection: true, standardInput: true, mode: 0o666, ...facts };
}

type Asked = Parameters<typeof foregroundForm>[0];

function echo(handed: Activation, facts: Partial<Service> = {}): Asked {
  const nobody = { user: 'nobody', group: null, environment: {} };
  return {
    command: ['/bin/cat'],
    type: 'simple',
    init: 'systemd',
    name: 'echo.socket',
    ...nobody,
    activation: handed,
    ...facts,
  };
}

test('systemd-socket-activate listens for a program that gets its connections as standard input', (t) => {
  const form = foregroundForm(
    echo(activation(), { environment: { B: '1', A: '2', 'odd name': '3' } }),
    imageWith(ACTIVATE),
  );
  const words = [ACTIVATE, '--listen=7777', '--accept', '--inetd', '--setenv=A', '--setenv=B', '--', '/bin/cat'];
  t.deepEqual(form.command, words);
  t.true(form.isActivated);
});

test('listening sockets are handed over as they are, datagrams too', (t) => {
  const sockets = activation({ perConnection: false, standardInput: false }, '127.0.0.1:80', '[::1]:80');
  t.deepEqual(foregroundForm(echo(sockets), imageWith(ACTIVATE)).command!.slice(1, -1), [
    '--listen=127.0.0.1:80',
    '--listen=[::1]:80',
    '--',
  ]);
  const datagram = activation({ perConnection: false, sockets: [{ kind: 'datagram', address: '69' }] });
  t.deepEqual(foregroundForm(echo(datagram), imageWith(ACTIVATE)).command!.slice(1, -1), [
    '--listen=69',
    '--datagram',
    '--inetd',
    '--',
  ]);
});

test('a Unix socket gets the rights that its unit gives it', (t) => {
  const form = foregroundForm(echo(activation({ mode: 0o660 }, '/run/echo.sock')), imageWith(ACTIVATE));
  t.deepEqual(form.command!.slice(0, 4), ['/usr/bin/sh', '-c', 'umask 0117; exec "$@"', 'mask']);
  t.deepEqual(form.command!.slice(-5), ['/usr/bin/sh', '-c', 'umask 0022; exec "$@"', 'mask', '/bin/cat']);
});

test('sshd and rsync open the port of their socket themselves', (t) => {
  const sshd = echo(activation({}, '22'), { command: ['/usr/sbin/sshd', '-i'] });
  t.deepEqual(foregroundForm(sshd, imageWith()).command, ['/usr/sbin/sshd', '-D', '-e', '-p', '22']);
  const rsync = echo(activation({}, '873'), { command: ['/usr/bin/rsync', '--daemon'], init: 'inetd', name: 'rsync' });
  t.deepEqual(foregroundForm(rsync, imageWith()).command, ['/usr/bin/rsync', '--daemon', '--no-detach', '--port=873']);
});

test('without systemd the superserver serves the one service, as the user of its line', (t) => {
  const service = echo(activation({}, '127.0.0.1:8081'), {
    init: 'inetd',
    name: 'www',
    command: ['/usr/sbin/micro', '/srv'],
  });
  const inetd = foregroundForm(service, imageWith(...OPENBSD));
  t.is(inetd.user, 'root');
  t.regex(inetd.command![2]!, /exec \/usr\/sbin\/inetd -i \/run\/vm2docker-inetd-8081.conf$/);
  t.is(inetd.command![3], '127.0.0.1:8081 stream tcp nowait nobody /usr/sbin/micro /usr/sbin/micro /srv');
  const xinetd = foregroundForm(service, imageWith('/usr/sbin/xinetd'));
  t.regex(xinetd.command![2]!, /exec \/usr\/sbin\/xinetd -dontfork -f /);
  for (const line of ['port = 8081', 'bind = 127.0.0.1', 'user = nobody', 'wait = no', 'server_args = /srv'])
    t.true(xinetd.command![3]!.includes(`\n ${line}\n`), line);
});

const refused = test.macro((t, service: Asked, image: ImageFiles) => {
  const form = foregroundForm(service, image);
  t.is(form.command, null);
  t.truthy(form.reason);
});

test('an image without a stand-in leaves a reason', refused, echo(activation()), imageWith());
test(
  'an inetd of another kind is no stand-in',
  refused,
  echo(activation(), { init: 'inetd' }),
  imageWith('/usr/sbin/inetd'),
);
test(
  'sockets of two kinds have no stand-in',
  refused,
  echo(
    activation({
      perConnection: false,
      sockets: [
        { kind: 'stream', address: '1' },
        { kind: 'datagram', address: '1' },
      ],
    }),
  ),
  imageWith(ACTIVATE),
);
test(
  'datagrams are no connections',
  refused,
  echo(activation({ sockets: [{ kind: 'datagram', address: '1' }] })),
  imageWith(ACTIVATE),
);
test('an address of another kind is refused', refused, echo(activation({}, 'vsock:2:1')), imageWith(ACTIVATE));
test(
  'a secret does not get into the text of a superserver',
  refused,
  echo(activation(), {
    init: 'inetd',
    command: ['/usr/sbin/app', '--password', 'hunter2secret'],
  }),
  imageWith(...OPENBSD),
);
test(
  'what a socket starts by unknown means has a reason',
  refused,
  { ...echo(activation()), activation: undefined } as unknown as Asked,
  imageWith(ACTIVATE),
);

test('a service that opens its own sockets is left alone, one that says fd:// is not', (t) => {
  const sockets = activation({ perConnection: false, standardInput: false });
  const plain = echo(sockets, { name: 'app.service', command: ['/usr/bin/app'] });
  t.deepEqual(foregroundForm(plain, imageWith(ACTIVATE)).command, ['/usr/bin/app']);
  const waiting = echo(sockets, { name: 'app.service', command: ['/usr/bin/app', '-H', 'fd://'] });
  t.is(foregroundForm(waiting, imageWith(ACTIVATE)).command![0], ACTIVATE);
});

const isHere = spawnSync(ACTIVATE, ['--version']).status === 0;
(isHere ? test : test.skip)(
  `the form really answers, with its environment${isHere ? '' : ' (skipped: systemd-socket-activate is not installed)'}`,
  async (t) => {
    const port = await freePort();
    const service = echo(activation({}, `127.0.0.1:${port}`), {
      command: ['/bin/sh', '-c', 'read -r line; echo "$GREETING $line"'],
      environment: { GREETING: 'hello' },
    });
    const [program, ...words] = foregroundForm(service, imageWith(ACTIVATE)).command!;
    const child = spawn(program!, words, { env: { ...process.env, GREETING: 'hello' }, stdio: 'ignore' });
    try {
      t.is(await ask(port, 'you\n'), 'hello you\n');
      t.is(await ask(port, 'again\n'), 'hello again\n');
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  },
);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** Tries until somebody listens. */
async function ask(port: number, question: string): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.end(question);
      let answer = '';
      for await (const data of socket) answer += String(data);
      return answer;
    } catch (error) {
      if (attempt > 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
