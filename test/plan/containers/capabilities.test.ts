import test from 'ava';
import type { Privileges } from '../../../src/model/services.js';
import { ambientNames, containerCapabilities } from '../../../src/plan/containers/capabilities.js';

const sets = test.macro(
  (t, privileges: Partial<Privileges>, asRoot: boolean, expected: ReturnType<typeof containerCapabilities>) => {
    t.deepEqual(containerCapabilities({ bounding: null, ambient: [], ...privileges }, asRoot), expected);
  },
);
const only = (...names: string[]): Partial<Privileges> => ({ bounding: { only: names } });

test('a bounding set leaves exactly its own', sets, only('CAP_NET_ADMIN', 'CAP_SETUID'), false, {
  add: ['NET_ADMIN'],
  drop: [
    ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'NET_RAW'],
    ...['SETFCAP', 'SETGID', 'SETPCAP', 'SYS_CHROOT'],
  ],
  withheld: [],
});
test('an empty bounding set drops all', sets, only(), false, { add: [], drop: ['ALL'], withheld: [] });
test(
  'what is taken away of the engine’s own is dropped',
  sets,
  { bounding: { without: ['CAP_MKNOD', 'CAP_SYS_ADMIN'] } },
  false,
  {
    add: [],
    drop: ['MKNOD'],
    withheld: [],
  },
);
test('steps as root before the program keep what the engine gives', sets, only('CAP_NET_ADMIN'), true, {
  add: ['NET_ADMIN'],
  drop: [],
  withheld: [],
});
test('what reaches the host is named, not given', sets, only('CAP_SYS_ADMIN', 'CAP_KILL', 'CAP_UNHEARD_OF'), true, {
  add: [],
  drop: [],
  withheld: ['SYS_ADMIN'],
});
test('ambient capabilities are added', sets, { ambient: ['CAP_IPC_LOCK', 'CAP_NET_RAW'] }, false, {
  add: ['IPC_LOCK'],
  drop: [],
  withheld: [],
});
test('low ports need no capability of the program', (t) => {
  t.deepEqual(ambientNames({ bounding: null, ambient: ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_SYS_BOOT'] }), [
    'NET_RAW',
  ]);
});
