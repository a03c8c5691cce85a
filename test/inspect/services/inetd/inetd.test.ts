import test from 'ava';
import { codes, executable, inspectSystemd, type Nodes, service, wanted } from '../helpers/inspect.js';

const PROGRAMS: Nodes = {
  '/usr/sbin/inetd': executable(),
  '/usr/sbin/xinetd': executable(),
  '/usr/sbin/app': executable(),
  '/etc/services': 'ftp 21/tcp fsp\ntime 37/tcp\ntftp 69/udp # comment\n',
};
const INETD: Nodes = { ...PROGRAMS, ...wanted('inetd.service', 'ExecStart=/usr/sbin/inetd -i') };
const XINETD: Nodes = { ...PROGRAMS, ...wanted('xinetd.service', 'ExecStart=/usr/sbin/xinetd -dontfork') };

test('lines of inetd.conf are services with the port of their name', async (t) => {
  const found = await inspectSystemd({
    ...INETD,
    '/etc/inetd.conf':
      '#off stream tcp nowait root /x x\nftp stream tcp nowait www:web /usr/sbin/tcpd /usr/sbin/app -l\n127.0.0.1:8000 stream tcp6 nowait root /usr/sbin/app app\ntftp dgram udp wait root /usr/sbin/app app\ntime stream tcp nowait root internal\n',
  });
  t.like(service(found, 'ftp'), {
    enabled: true,
    user: 'www',
    command: ['/usr/sbin/app', '-l'],
    ports: [{ port: 21, protocol: 'tcp', address: '*', evidence: { path: '/etc/inetd.conf', line: 2 } }],
  });
  t.deepEqual(
    service(found, '8000')!.ports.map(({ address, port }) => [address, port]),
    [['127.0.0.1', 8000]],
  );
  t.is(service(found, 'tftp')!.ports[0]!.protocol, 'udp');
  const handed = { standardInput: true, mode: 0o666 };
  t.deepEqual(service(found, '8000')!.activation, {
    sockets: [{ kind: 'stream', address: '127.0.0.1:8000' }],
    perConnection: true,
    ...handed,
  });
  t.deepEqual(service(found, 'tftp')!.activation, {
    sockets: [{ kind: 'datagram', address: '69' }],
    perConnection: false,
    ...handed,
  });
  t.is(service(found, 'time')!.role, 'system');
  t.is(service(found, 'inetd.service')!.role, 'system');
});

test('lines without a port or without fields are problems', async (t) => {
  const found = await inspectSystemd({
    ...INETD,
    '/etc/inetd.conf': 'nobody stream tcp nowait root /usr/sbin/app app\nshort stream\n',
  });
  t.deepEqual(codes(found), ['inetd-unknown-service', 'inetd-syntax']);
});

test('blocks of xinetd are services, unless they are disabled', async (t) => {
  const found = await inspectSystemd({
    ...XINETD,
    '/etc/xinetd.conf': 'defaults\n{\n disabled = other\n}\nincludedir /etc/xinetd.d\n',
    '/etc/xinetd.d/ftp':
      'service ftp\n{\n disable = no\n user = www\n server = /usr/sbin/app\n server_args = -a "b c"\n socket_type = stream\n bind = 127.0.0.1\n}\n',
    '/etc/xinetd.d/off': 'service time\n{\n disable = yes\n server = /usr/sbin/app\n}\n',
    '/etc/xinetd.d/other': 'service other\n{\n type = UNLISTED\n port = 99\n server = /usr/sbin/app\n}\n',
    '/etc/xinetd.d/ignored.bak': 'service x\n{\n}\n',
  });
  t.like(service(found, 'ftp'), {
    enabled: true,
    user: 'www',
    command: ['/usr/sbin/app', '-a', 'b c'],
    ports: [{ port: 21, protocol: 'tcp', address: '127.0.0.1', evidence: { path: '/etc/xinetd.d/ftp', line: 1 } }],
  });
  t.false(service(found, 'time')!.enabled);
  t.false(service(found, 'other')!.enabled);
  t.is(service(found, 'x'), undefined);
});

test('without its daemon none of them is enabled', async (t) => {
  const found = await inspectSystemd({
    ...PROGRAMS,
    '/etc/inetd.conf': 'ftp stream tcp nowait root /usr/sbin/app app\n',
  });
  t.false(service(found, 'ftp')!.enabled);
});

test('an xinetd that includes itself ends', async (t) => {
  await t.notThrowsAsync(
    inspectSystemd({ ...XINETD, '/etc/xinetd.conf': 'include /etc/xinetd.conf\nincludedir /etc\n' }),
  );
});
