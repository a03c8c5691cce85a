import test from 'ava';
import { calendarToCron } from '../../../../src/inspect/services/systemd/calendar.js';
import { codes, enabledNames, inspectSystemd, link, type Nodes, service, UNITS, wanted } from '../helpers/inspect.js';

const SOCKETS = '/etc/systemd/system/sockets.target.wants';
const TIMERS = '/etc/systemd/system/timers.target.wants';

function socket(name: string, text: string): Nodes {
  return { [`${UNITS}/${name}`]: `[Socket]\n${text}\n`, [`${SOCKETS}/${name}`]: link(`${UNITS}/${name}`) };
}

const listens = test.macro(async (t, text: string, expected: readonly string[]) => {
  const found = await inspectSystemd({
    ...socket('app.socket', text),
    [`${UNITS}/app.service`]: '[Service]\nExecStart=/usr/bin/app',
  });
  const app = service(found, 'app.socket')!;
  t.true(app.enabled);
  t.deepEqual(
    [...app.ports.map(({ protocol, address, port }) => `${protocol} ${address} ${port}`), ...app.listens],
    expected,
  );
});

test('a port alone listens on both families', listens, 'ListenStream=80', ['tcp * 80']);
test('BindIPv6Only=ipv6-only makes it IPv6 alone', listens, 'ListenStream=80\nBindIPv6Only=ipv6-only', ['tcp :: 80']);
test('an address of IPv4 stays what it is', listens, 'ListenStream=127.0.0.1:80', ['tcp 127.0.0.1 80']);
test('an address of IPv6 loses its brackets', listens, 'ListenStream=[::1]:80', ['tcp ::1 80']);
test('ListenDatagram is UDP', listens, 'ListenDatagram=0.0.0.0:53', ['udp 0.0.0.0 53']);
test('SocketProtocol=sctp is SCTP', listens, 'ListenStream=9\nSocketProtocol=sctp', ['sctp * 9']);
test('Unix sockets are no ports', listens, 'ListenStream=/run/app.sock\nListenStream=@app', ['/run/app.sock', '@app']);
test(
  'an empty assignment forgets all that was listened on',
  listens,
  'ListenStream=1\nListenDatagram=2\nListenStream=\nListenStream=3',
  ['tcp * 3'],
);
test(
  'pipes and queues are not listened on by network',
  listens,
  'ListenFIFO=/run/x\nListenNetlink=route 0\nListenStream=5',
  ['tcp * 5'],
);

const PRINTING: Nodes = {
  ...socket('cups.socket', 'ListenStream=/run/cups/cups.sock'),
  [`${UNITS}/cups.service`]: '[Unit]\nConditionPathExists=!/etc/no-cups\n[Service]\nExecStart=/usr/bin/app',
  ...wanted('smbd.service', 'ExecStart=/usr/bin/app --files'),
};
test('smbd asks for the printers at once, and so wakes CUPS behind its socket', async (t) => {
  const found = await inspectSystemd(PRINTING);
  t.deepEqual(enabledNames(found), ['cups.service', 'smbd.service']);
  t.deepEqual(service(found, 'cups.service')!.listens, ['/run/cups/cups.sock']);
});
for (const [why, more] of [
  ['smbd has no printers', { '/etc/samba/smb.conf': '[global]\n load printers = no\n' }],
  ['its printers are others', { '/etc/samba/smb.conf': '[global]\n printing = bsd\n' }],
  ['its condition does not hold', { '/etc/no-cups': '' }],
  ['smbd is masked', { '/etc/systemd/system/smbd.service': link('/dev/null') }],
] as const)
  test(`CUPS sleeps behind its socket where ${why}`, async (t) => {
    const names = enabledNames(await inspectSystemd({ ...PRINTING, ...more }));
    t.true(names.includes('cups.socket') && !names.includes('cups.service'), names.join());
  });

test('a socket with Accept=yes starts an instance of a template for each connection', async (t) => {
  const found = await inspectSystemd({
    ...socket('echo.socket', 'ListenStream=7\nAccept=yes'),
    [`${UNITS}/echo@.service`]: '[Service]\nExecStart=/usr/bin/app -i',
  });
  t.deepEqual(enabledNames(found), ['echo.socket']);
  t.deepEqual(service(found, 'echo.socket')!.command, ['/usr/bin/app', '-i']);
  t.deepEqual(service(found, 'echo.socket')!.ports[0]!.evidence, { path: `${UNITS}/echo.socket`, line: 2 });
});

test('a service that is started anyway takes its socket along', async (t) => {
  const found = await inspectSystemd({
    ...socket('app.socket', 'ListenStream=80'),
    ...wanted('app.service', 'ExecStart=/usr/bin/app'),
  });
  t.deepEqual(enabledNames(found), ['app.service']);
  t.deepEqual(
    service(found, 'app.service')!.ports.map(({ port }) => port),
    [80],
  );
});

test('a disabled socket neither listens nor hides its service', async (t) => {
  const found = await inspectSystemd({
    [`${UNITS}/app.socket`]: '[Socket]\nListenStream=80\n[Install]\nWantedBy=sockets.target',
    ...wanted('app.service', 'ExecStart=/usr/bin/app'),
  });
  t.deepEqual(service(found, 'app.service')!.ports, []);
});

test('Service= of a socket names the service', async (t) => {
  const found = await inspectSystemd({
    ...socket('a.socket', 'ListenStream=80\nService=b.service'),
    [`${UNITS}/b.service`]: '[Service]\nExecStart=/usr/bin/app -b',
  });
  t.deepEqual(service(found, 'a.socket')!.command, ['/usr/bin/app', '-b']);
});

test('a socket without its service is a problem', async (t) => {
  t.deepEqual(codes(await inspectSystemd(socket('a.socket', 'ListenStream=80'))), ['socket-without-service']);
});

test('sshd_config decides where the ssh.socket of Ubuntu listens', async (t) => {
  const nodes = {
    ...socket('ssh.socket', 'ListenStream=22'),
    [`${UNITS}/ssh.service`]: '[Service]\nExecStart=/usr/bin/app',
    '/lib/systemd/system-generators/sshd-socket-generator': '',
    '/etc/ssh/sshd_config': '#Port 1\nPort 2222\nListenAddress 127.0.0.1\n',
  };
  t.deepEqual(
    service(await inspectSystemd(nodes), 'ssh.socket')!.ports.map(({ address, port }) => [address, port]),
    [['127.0.0.1', 2222]],
  );
});

test('a timer is a job with its schedule as written, and its service is no service', async (t) => {
  const found = await inspectSystemd({
    [`${UNITS}/tidy.timer`]: '[Timer]\nOnCalendar=daily\nOnCalendar=Mon *-*-* 03:30:00\nOnBootSec=5min\n',
    [`${TIMERS}/tidy.timer`]: link(`${UNITS}/tidy.timer`),
    [`${UNITS}/tidy.service`]: '[Service]\nType=oneshot\nUser=www\nExecStart=/usr/bin/app tidy',
  });
  t.deepEqual(found.services, []);
  t.deepEqual(
    found.jobs.map(({ name, schedule, cron, command, user }) => ({ name, schedule, cron, command, user })),
    [
      { name: 'tidy.timer', schedule: 'daily', cron: '0 0 * * *', command: ['/usr/bin/app', 'tidy'], user: 'www' },
      {
        name: 'tidy.timer',
        schedule: 'Mon *-*-* 03:30:00',
        cron: '30 3 * * 1',
        command: ['/usr/bin/app', 'tidy'],
        user: 'www',
      },
      { name: 'tidy.timer', schedule: 'OnBootSec=5min', cron: null, command: ['/usr/bin/app', 'tidy'], user: 'www' },
    ],
  );
  t.deepEqual(found.jobs[0]!.evidence, { path: `${UNITS}/tidy.timer`, line: 2 });
});

test('a timer that nothing starts is no job', async (t) => {
  const found = await inspectSystemd({
    [`${UNITS}/tidy.timer`]: '[Timer]\nOnCalendar=daily\n',
    [`${UNITS}/tidy.service`]: '[Service]\nExecStart=/usr/bin/app',
  });
  t.deepEqual(found.jobs, []);
});

test('a random delay keeps a timer from being a cron line', async (t) => {
  const found = await inspectSystemd({
    [`${UNITS}/tidy.timer`]: '[Timer]\nOnCalendar=daily\nRandomizedDelaySec=1h\n',
    [`${TIMERS}/tidy.timer`]: link(`${UNITS}/tidy.timer`),
    [`${UNITS}/tidy.service`]: '[Service]\nExecStart=/usr/bin/app',
  });
  t.is(found.jobs[0]!.cron, null);
});

const calendar = test.macro({
  exec: (t, text: string, cron: string | null) => t.is(calendarToCron(text), cron),
  title: (_, text: string, cron: string | null) => `OnCalendar=${text} is ${cron ?? 'no cron line'}`,
});
test(calendar, 'hourly', '0 * * * *');
test(calendar, 'weekly', '0 0 * * 1');
test(calendar, '*-*-* 6,18:00', '0 6,18 * * *');
test(calendar, '*:0/15', '0-59/15 * * * *');
test(calendar, '*-*-01 04:00:00', '0 4 1 * *');
test(calendar, 'Mon..Fri 22:30', '30 22 * * 1-5');
test(calendar, 'Sat,Sun 10:00', '0 10 * * 6,0');
test(calendar, 'Sun *-*-1..7 03:00', null);
test(calendar, '2026-01-01 00:00', null);
test(calendar, '*-*-* 00:00:30', null);
test(calendar, '*-*~01 00:00', null);
test(calendar, '12:00 Europe/Vienna', null);
test(calendar, 'nonsense', null);
test(calendar, '', null);

test('a socket whose service is masked does not listen', async (t) => {
  const found = await inspectSystemd({
    ...socket('app.socket', 'ListenStream=80'),
    ...wanted('app.service', 'ExecStart=/usr/bin/app'),
    '/etc/systemd/system/app.service': link('/dev/null'),
  });
  t.deepEqual(enabledNames(found), []);
  t.deepEqual(service(found, 'app.service')!.ports, []);
});
