import { isIPv6 } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { parseEndpoint, parseHosts, reportedAddresses } from '../../../src/inspect/ports/addresses.js';

const taken = test.macro({
  title: (_given, text: string) => `${text} is taken apart`,
  exec: (t, text: string, host: string | null, port = '') => {
    const endpoint = parseEndpoint(text);
    t.deepEqual(endpoint === null ? null : [endpoint.host, endpoint.port], host === null ? null : [host, port]);
  },
});

test(taken, '8080', '', '8080');
test(taken, ':8080', '', '8080');
test(taken, '*:8080', '*', '8080');
test(taken, 'host.example:8080', 'host.example', '8080');
test(taken, '[::1]:8080', '::1', '8080');
test(taken, '[fe80::1%eth0]:53', 'fe80::1', '53');
test(taken, '::1', '::1', '');
test(taken, '[::]', '::', '');
test(taken, 'tcp://0.0.0.0:61616?wireFormat.maxFrameSize=1', '0.0.0.0', '61616');
test(taken, 'http://localhost:2379/', 'localhost', '2379');
test(taken, 'localhost', 'localhost', '');
test(taken, 'unix:/run/x.sock', null);
test(taken, '/run/x.sock', null);
test(taken, 'a b', null);

test('bare IPv6 addresses are told from names as node:net tells them', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.stringMatching(/^[0-9a-f:.]{1,12}$/)), (text) => {
      const endpoint = parseEndpoint(text);
      return isIPv6(text) === (endpoint !== null && endpoint.host === text && text.includes(':'));
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('wildcards are reported as the program binds them', (t) => {
  const none = new Map<string, string[]>();
  t.deepEqual(reportedAddresses('::', none, 'separate'), ['::']);
  t.deepEqual(reportedAddresses('::', none, 'mapped'), ['*']);
  t.deepEqual(reportedAddresses('0.0.0.0', none, 'mapped'), ['0.0.0.0']);
  t.deepEqual(reportedAddresses('0.0.0.0', none, 'either'), ['*']);
  t.deepEqual(reportedAddresses('', none, 'separate'), ['*']);
  t.deepEqual(reportedAddresses('localhost', none, 'separate'), ['127.0.0.1', '::1']);
  t.deepEqual(reportedAddresses('nobody', none, 'separate'), []);
});

test('a program that takes one address of a name takes that of IPv4, or what the resolver puts first', (t) => {
  const hosts = parseHosts('127.0.0.1 localhost\n::1 localhost six\n192.0.2.1 four\n');
  t.deepEqual(reportedAddresses('localhost', hosts, 'either'), ['127.0.0.1']);
  t.deepEqual(reportedAddresses('localhost', hosts, 'separate', 'first'), ['::1']);
  t.deepEqual(reportedAddresses('localhost', hosts, 'separate', 'all'), ['127.0.0.1', '::1']);
  t.deepEqual(reportedAddresses('six', hosts, 'either'), ['::1']);
  t.deepEqual(reportedAddresses('four', hosts, 'separate', 'first'), ['192.0.2.1']);
  t.deepEqual(reportedAddresses('nobody', hosts, 'either'), []);
});

test('a hosts file gives every address of a name, in order', (t) => {
  const hosts = parseHosts(
    '# x\n127.0.0.1 localhost\n::1 LocalHost ip6-localhost # y\nnonsense localhost\n127.0.0.1 localhost\n',
  );
  t.deepEqual(hosts.get('localhost'), ['127.0.0.1', '::1']);
  t.is(hosts.get('y'), undefined);
});
