import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectRuntime } from '../../../src/inspect/runtime/index.js';

test('tmpfiles make folders below /run, a file of /etc hides one of /usr/lib of its name', async (t) => {
  const { folders } = await inspectRuntime(
    memoryGuest({
      '/usr/lib/tmpfiles.d/a.conf': 'd /run/a 0755 root root -\nd /run/hidden\n',
      '/etc/tmpfiles.d/a.conf': 'd /var/run/a 2775 app app - -\n',
      '/usr/lib/tmpfiles.d/b.conf':
        '# no\nD! /run/b - - -\nd %t/c 0700 :x :y\nd /var/lib/no\nL /run/link - - - - x\nd /run/../etc\n',
      '/usr/lib/tmpfiles.d/README': 'd /run/no\n',
      '/etc/tmpfiles.d/masked.conf': { target: '/dev/null' },
      '/usr/lib/tmpfiles.d/masked.conf': 'd /run/masked\n',
    }),
  );
  t.deepEqual(folders, [
    { path: '/run/a', mode: 0o2775, owner: 'app', group: 'app' },
    { path: '/run/b', mode: 0o755, owner: 'root', group: 'root' },
    { path: '/run/c', mode: 0o700, owner: 'x', group: 'y' },
  ]);
});

test('names of other machines come from hosts, without loopback and multicast', async (t) => {
  const { hosts, hostname } = await inspectRuntime(
    memoryGuest({
      '/etc/hostname': '# x\nbox.example.org\n',
      '/etc/hosts':
        '127.0.0.1 localhost\n127.0.1.1 box\n::1 ip6-localhost\nff02::1 ip6-allnodes\nfe00::0 ip6-localnet\n10.0.0.9\tdb db2 # x\n2001:db8::1 six\n10.0.0.8 "bad;name"\nevil line\n',
    }),
  );
  t.is(hostname, 'box.example.org');
  t.deepEqual(hosts, [
    { address: '10.0.0.9', names: ['db', 'db2'] },
    { address: '2001:db8::1', names: ['six'] },
  ]);
});

test('a hostname that is none is left out', async (t) => {
  t.is((await inspectRuntime(memoryGuest({ '/etc/hostname': 'a b\n' }))).hostname, null);
  t.is((await inspectRuntime(memoryGuest({}))).hostname, null);
});

test('users have their numbers and the names of their groups', async (t) => {
  const { users } = await inspectRuntime(
    memoryGuest({
      '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/x\nodd:x:7:99::/:/x\nbroken\n__proto__:x:1:1::/:/x\n',
      '/etc/group': 'root:x:0:\nweb:x:33:\n',
    }),
  );
  t.deepEqual(
    [...users],
    [
      ['root', { uid: 0, group: 'root' }],
      ['www', { uid: 33, group: 'web' }],
      ['odd', { uid: 7, group: '99' }],
      ['__proto__', { uid: 1, group: '1' }],
    ],
  );
});

test('addresses that are none, and names longer than the kernel takes, are left out', async (t) => {
  const lines = [
    '999.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'abcde::1',
    '::10.0.0.1',
    '10.0.0.7',
  ];
  const { hosts, hostname, groups } = await inspectRuntime(
    memoryGuest({
      '/etc/hosts': lines.map((address, index) => `${address} h${index}\n`).join(''),
      '/etc/hostname': 'a'.repeat(64),
      '/etc/group': 'root:x:0:\nweb:x:33:\n',
    }),
  );
  t.deepEqual(
    hosts.map(({ address }) => address),
    ['::10.0.0.1', '10.0.0.7'],
  );
  t.is(hostname, null);
  t.deepEqual([...groups!], ['root', 'web']);
});
