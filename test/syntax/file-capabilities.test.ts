import test from 'ava';
import { decodeCapabilities, parseCapabilities, sameCapabilities } from '../../src/syntax/file-capabilities.js';

const same = test.macro({
  exec(t, text: string, hex: string, is: boolean) {
    const parsed = parseCapabilities(text);
    t.truthy(parsed);
    t.is(sameCapabilities(parsed, decodeCapabilities(Buffer.from(hex, 'hex'))), is);
  },
  title: (_, text, hex, is) => `${text} ${is ? 'is' : 'is not'} ${hex}`,
});

// Values as setcap(8) of libcap 2.66 writes them.
test(same, 'cap_net_raw=ep', '0100000200200000000000000000000000000000', true);
test(same, '= cap_net_raw+ep', '0100000200200000000000000000000000000000', true);
test(same, 'cap_net_raw+p', '0100000200200000000000000000000000000000', false);
test(same, 'cap_net_admin,cap_net_raw+p', '0000000200300000000000000000000000000000', true);
test(same, 'cap_net_raw=ep cap_net_raw-e', '0000000200200000000000000000000000000000', true);
test(same, 'cap_perfmon=ep', '0100000200000000000000004000000000000000', true);
test(same, 'cap_setuid=eip', '0100000280000000800000000000000000000000', true);
test(same, 'cap_net_raw=ep', '010000030020000000000000000000000000000000000000', true);
test(same, 'cap_net_raw=ep', '010000010020000000000000', true);
test(same, '=', '0000000200000000000000000000000000000000', true);

test('what is neither text nor attribute of capabilities is nothing', (t) => {
  t.is(parseCapabilities('cap_of_nobody=ep'), undefined);
  t.is(parseCapabilities('net_raw=ep'), undefined);
  t.is(parseCapabilities('cap_net_raw'), undefined);
  t.is(decodeCapabilities(Buffer.alloc(0)), undefined);
  t.is(decodeCapabilities(Buffer.from('0100000900200000000000000000000000000000', 'hex')), undefined);
  t.is(decodeCapabilities(Buffer.from('01000002002000000000', 'hex')), undefined);
});
