import test from 'ava';
import type { Privileges, Service } from '../../../../src/model/services.js';
import { inspectSystemd, service, wanted } from '../helpers/inspect.js';

async function read(text: string): Promise<Service> {
  return service(await inspectSystemd(wanted('app.service', `ExecStart=/usr/bin/app\n${text}`)), 'app.service')!;
}

const bounded = test.macro(
  async (t, text: string, bounding: Privileges['bounding'], ambient: readonly string[] = []) => {
    t.deepEqual((await read(text)).privileges, { bounding, ambient });
  },
);

test('a bounding set names what stays', bounded, 'CapabilityBoundingSet=CAP_KILL CAP_CHOWN', {
  only: ['CAP_CHOWN', 'CAP_KILL'],
});
test(
  'further bounding sets add, and take away after a tilde',
  bounded,
  'CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=cap_chown\nCapabilityBoundingSet=~CAP_KILL',
  { only: ['CAP_CHOWN'] },
);
test('a bounding set that begins with a tilde names what goes', bounded, 'CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_X', {
  without: ['CAP_SYS_ADMIN', 'CAP_X'],
});
test('an empty bounding set leaves nothing', bounded, 'CapabilityBoundingSet=CAP_KILL\nCapabilityBoundingSet=', {
  only: [],
});
test('a tilde alone leaves everything', bounded, 'CapabilityBoundingSet=\nCapabilityBoundingSet=~', null);
test('ambient capabilities are the program’s own', bounded, 'AmbientCapabilities=CAP_NET_RAW', null, ['CAP_NET_RAW']);

test('without settings nothing is said of capabilities', async (t) => {
  const app = await read('');
  t.is(app.capabilities, null);
  t.is(app.privileges, undefined);
});

test('a preparation after a hyphen may fail', async (t) => {
  const { prepare } = await read('ExecStartPre=-/usr/bin/a\nExecStartPre=/usr/bin/b\nExecStartPre=-+/usr/bin/c');
  t.deepEqual(
    prepare.map(({ mayFail }) => mayFail),
    [true, false, true],
  );
});

test('a dynamic user is one that no account has', async (t) => {
  t.is((await read('DynamicUser=yes')).dynamicUser, true);
  const known = await inspectSystemd({
    ...wanted('app.service', 'ExecStart=/usr/bin/app\nDynamicUser=yes\nUser=app'),
    '/etc/passwd': 'app:x:1:1::/:/bin/sh\n',
  });
  t.is(service(known, 'app.service')!.dynamicUser, undefined);
});

async function socket(unit: string, template: string): Promise<Service['activation']> {
  const found = await inspectSystemd({
    '/etc/systemd/system/echo.socket': `[Socket]\n${unit}\n[Install]\nWantedBy=sockets.target\n`,
    '/etc/systemd/system/echo@.service': `[Service]\nExecStart=/bin/cat\n${template}`,
    '/etc/systemd/system/echo.service': `[Service]\nExecStart=/bin/cat\n${template}`,
    '/etc/systemd/system/sockets.target.wants/echo.socket': { target: '/etc/systemd/system/echo.socket' },
    '/etc/systemd/system/default.target': '[Unit]\nWants=sockets.target\n',
    '/etc/systemd/system/sockets.target': '[Unit]\n',
  });
  return service(found, 'echo.socket')!.activation;
}

test('a socket with Accept=yes starts a process for each connection, which may be its standard input', async (t) => {
  t.deepEqual(await socket('ListenStream=7777\nAccept=yes', 'StandardInput=socket\n'), {
    sockets: [{ kind: 'stream', address: '7777' }],
    perConnection: true,
    standardInput: true,
    mode: 0o666,
  });
});

test('other sockets are handed over as they are, with the rights of Unix sockets', async (t) => {
  t.deepEqual(await socket('ListenDatagram=127.0.0.1:69\nListenStream=/run/echo\nSocketMode=0660', ''), {
    sockets: [
      { kind: 'datagram', address: '127.0.0.1:69' },
      { kind: 'stream', address: '/run/echo' },
    ],
    perConnection: false,
    standardInput: false,
    mode: 0o660,
  });
});
