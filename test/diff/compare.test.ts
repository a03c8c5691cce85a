import test from 'ava';
import { compareSnapshots, type DifferenceKind } from '../../src/diff/compare.js';
import { imageOf, machineOf, type Nodes } from './samples.js';

const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

const MACHINE: Nodes = {
  '/etc/app.conf': 'one\n',
  '/etc/twin.conf': 'two\n',
  '/usr/bin/ping': { content: 'elf', mode: 0o755, attributes: new Map([['security.capability', CAPABILITY]]) },
  '/usr/bin/tool': { content: 'tool', mode: 0o4755, uid: 0, gid: 4 },
  '/usr/bin/tool-link': { linkTo: '/usr/bin/tool' },
  '/srv/alone': 'tool',
  '/srv/tagged': { content: 'x', attributes: new Map([['user.note', Buffer.from('a')]]) },
  '/srv/link': { target: 'alone' },
  '/srv/null': { type: 'character', device: { major: 1, minor: 3 } },
  '/srv/pipe': { type: 'fifo' },
  '/srv/caf\udce9\n': 'bytes',
  '/srv/empty': { type: 'directory' },
};

/** Times count everywhere, so that every edit below is the only difference. */
const STRICT = { comparesTime: () => true };

test('an image of the same files is identical, whichever layer brings them', async (t) => {
  const { '/etc/app.conf': conf, ...others } = MACHINE;
  const image = await imageOf(others, { '/etc/app.conf': conf! });
  t.deepEqual(compareSnapshots(await machineOf(MACHINE), image, STRICT), []);
});

const edits: readonly [title: string, edited: Nodes, expected: readonly [string, DifferenceKind][]][] = [
  ['a flipped byte', { '/etc/app.conf': 'onf\n' }, [['/etc/app.conf', 'content']]],
  [
    'two files of one size swapped',
    { '/etc/app.conf': 'two\n', '/etc/twin.conf': 'one\n' },
    [
      ['/etc/app.conf', 'content'],
      ['/etc/twin.conf', 'content'],
    ],
  ],
  ['one bit of the mode', { '/srv/empty': { type: 'directory', mode: 0o1755 } }, [['/srv/empty', 'mode']]],
  ['another owner', { '/srv/pipe': { type: 'fifo', uid: 7 } }, [['/srv/pipe', 'owner']]],
  ['a lost capability', { '/usr/bin/ping': { content: 'elf', mode: 0o755 } }, [['/usr/bin/ping', 'attribute']]],
  [
    'another user attribute',
    { '/srv/tagged': { content: 'x', attributes: new Map([['user.note', Buffer.from('b')]]) } },
    [['/srv/tagged', 'attribute']],
  ],
  ['an extra file', { '/srv/more': '' }, [['/srv/more', 'extra']]],
  [
    'a broken hard link',
    { '/usr/bin/tool-link': { content: 'tool', mode: 0o4755, gid: 4 } },
    [['/usr/bin/tool-link', 'hard-link']],
  ],
  ['another link target', { '/srv/link': { target: 'other' } }, [['/srv/link', 'target']]],
  ['another device', { '/srv/null': { type: 'character', device: { major: 1, minor: 5 } } }, [['/srv/null', 'device']]],
  ['another type', { '/srv/pipe': 'file' }, [['/srv/pipe', 'type']]],
  ['another time', { '/etc/app.conf': { content: 'one\n', mtime: 1 } }, [['/etc/app.conf', 'time']]],
];

for (const [title, edited, expected] of edits) {
  test(`${title} is found, and nothing else`, async (t) => {
    const image = await imageOf({ ...MACHINE, ...edited });
    const found = compareSnapshots(await machineOf(MACHINE), image, STRICT);
    t.deepEqual(
      found.map(({ path, kind }) => [path, kind]),
      expected,
    );
  });
}

test('a deleted file is found', async (t) => {
  const { '/srv/caf\udce9\n': _, ...rest } = MACHINE;
  const found = compareSnapshots(await machineOf(MACHINE), await imageOf(rest), STRICT);
  t.deepEqual(
    found.map(({ path, kind }) => [path, kind]),
    [['/srv/caf\udce9\n', 'missing']],
  );
});

test('files that are joined by a hard link in the image alone are found', async (t) => {
  const machine: Nodes = { '/a': 'same', '/b': 'same' };
  const found = compareSnapshots(
    await machineOf(machine),
    await imageOf({ '/a': 'same', '/b': { linkTo: '/a' } }),
    STRICT,
  );
  t.deepEqual(
    found.map(({ path, kind }) => [path, kind]),
    [['/b', 'hard-link']],
  );
});

test('what lies below folders that are left out is ignored on both sides, the folders are not', async (t) => {
  const machine = await machineOf({ '/run/lock': 'machine', '/var/lib/apt/lists': { type: 'directory' } });
  const image = await imageOf({
    '/run': { type: 'directory', mode: 0o700 },
    '/run/other': 'image',
    '/var/lib/apt/lists/lock': '',
    '/var/lib/apt/other': '',
  });
  t.deepEqual(
    compareSnapshots(machine, image, STRICT).map(({ path, kind }) => [path, kind]),
    [
      ['/run', 'mode'],
      ['/var/lib/apt/other', 'extra'],
    ],
  );
});

test('what no layer can hold is listed with its reason and is no difference', async (t) => {
  const machine = await machineOf({
    '/srv/socket': { type: 'socket' },
    '/srv/.wh.name': 'x',
    '/srv/listed': { content: 'x', attributes: new Map([['system.posix_acl_access', Buffer.from('acl')]]) },
    '/srv/tagged': {
      content: 'x',
      attributes: new Map([
        ['user.a=b', Buffer.from('c')],
        ['user.empty', Buffer.alloc(0)],
        ['user.kept', Buffer.from('%25')],
      ]),
    },
    '/srv/link': { target: 'there' },
    '/srv/link-too': { linkTo: '/srv/link' },
    [`/srv/deep${'/caf\udce9'.repeat(800)}`]: 'beyond what engines hold',
  });
  const kept = { content: 'x', attributes: new Map([['user.kept', Buffer.from('%25')]]) };
  const deep = Object.fromEntries(
    [...machine.entries.keys()]
      .filter((path) => path.startsWith('/srv/deep/'))
      .map((path) => [path, { type: 'directory' as const }]),
  );
  const [first, again] = [{ '/srv/link': { target: 'there' } }, { '/srv/link-too': { target: 'there' } }];
  const image = await imageOf({ '/srv/listed': 'x', '/srv/tagged': kept, ...first, ...again, ...deep });
  t.deepEqual(compareSnapshots(machine, image, STRICT), []);
  const listed = machine.unrepresentable.map(({ path }) => path).filter((path) => !path.startsWith('/srv/deep/'));
  t.deepEqual(listed.sort(), [
    '/srv/.wh.name',
    '/srv/link-too',
    '/srv/listed',
    '/srv/socket',
    '/srv/tagged',
    '/srv/tagged',
  ]);
  t.is(machine.unrepresentable.filter(({ reason }) => reason.startsWith('paths of more than 3840')).length, 800 - 766);
});

test('a file whose content was not read is equal to nothing', async (t) => {
  const read = await machineOf({ '/a': 'x' });
  const unread = {
    ...read,
    entries: new Map([...read.entries].map(([path, entry]) => [path, { ...entry, sha256: null }])),
  };
  const found = compareSnapshots(unread, await imageOf({ '/a': 'x' }), STRICT);
  t.deepEqual(
    found.map(({ path, kind }) => [path, kind]),
    [['/a', 'content']],
  );
});
