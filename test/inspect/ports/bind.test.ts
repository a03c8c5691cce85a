import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { portsOf, service } from './service.js';

/** BIND 9 Administrator Reference Manual, address match lists: the first element that knows an address decides. */
const matches = test.macro<[string, readonly string[]]>({
  title: (_, list, expected) => `listen-on { ${list} } takes ${expected.join(', ') || 'nothing'}`,
  exec: async (t, list, expected) => {
    const lists = 'acl "mine" { 127.0.0.1; 192.0.2.7; };\nacl near { localnets; };\n';
    const options = `options { listen-on { ${list} }; listen-on-v6 { none; }; };\ncontrols { };\n`;
    const { ports } = await portsOf(
      memoryGuest({ '/etc/bind/named.conf': lists + options }),
      service('named.service', ['/usr/sbin/named', '-f']),
    );
    const expectedPorts = expected.flatMap((address) => ['tcp', 'udp'].map((protocol) => `${protocol} ${address}:53`));
    t.deepEqual(ports.map((port) => port.replace(/ \/etc\/bind.*/, '')).sort(), expectedPorts.sort());
  },
});

test(matches, 'any;', ['0.0.0.0']);
test(matches, 'localhost;', ['0.0.0.0']);
test(matches, 'near;', ['0.0.0.0']);
test(matches, 'none;', []);
test(matches, 'none; any;', []);
test(matches, '!localhost; any;', []);
test(matches, '!any; 127.0.0.1;', []);
test(matches, '! 192.0.2.9; any;', ['0.0.0.0']);
test(matches, '127.0.0.1; !any; 192.0.2.9;', ['127.0.0.1']);
test(matches, '127.0.0.0/8;', ['127.0.0.1']);
test(matches, '127/8; none;', ['127.0.0.1']);
test(matches, '192.0.2.9; 127.0.0.1;', ['127.0.0.1', '192.0.2.9']);
test(matches, '!127.0.0.1; 127.0.0.0/8; 192.0.2.9;', ['192.0.2.9']);
test(matches, 'mine;', ['127.0.0.1', '192.0.2.7']);
test(matches, '!mine; 127.0.0.1; 192.0.2.9;', ['192.0.2.9']);
test(matches, '{ 127.0.0.1; 192.0.2.8; };', ['127.0.0.1', '192.0.2.8']);
test(matches, '192.0.2.0/24;', ['0.0.0.0']);
test(matches, '2001:db8::1; ::1; 127.0.0.1;', ['127.0.0.1']);
