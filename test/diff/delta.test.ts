import test from 'ava';
import fc from 'fast-check';
import { applyLayer } from '../../src/diff/apply-layer.js';
import { compareSnapshots } from '../../src/diff/compare.js';
import { exactDelta, isLeftByRun } from '../../src/diff/delta.js';
import { ancestors } from '../../src/model/path.js';
import { imageOf, machineOf, membersOf, type Nodes } from './samples.js';

const LOOSE = { strictTimes: false, deletesNetworkFiles: false };

test('equal trees need no delta', async (t) => {
  const nodes: Nodes = { '/etc/a': 'x', '/etc/b': { linkTo: '/etc/a' } };
  t.deepEqual(exactDelta(await machineOf(nodes), await imageOf(nodes), LOOSE), { paths: [], deletions: [] });
});

test('a difference in time alone goes into the delta only when times are strict', async (t) => {
  const machine = await machineOf({ '/etc/a': { content: 'x', mtime: 5 } });
  const image = await imageOf({ '/etc/a': 'x' });
  t.deepEqual(exactDelta(machine, image, LOOSE).paths, []);
  t.deepEqual(exactDelta(machine, image, { ...LOOSE, strictTimes: true }).paths, ['/etc/a']);
});

test('of a tree that is extra the top alone is deleted, and its folder comes for its time', async (t) => {
  const delta = exactDelta(
    await machineOf({ '/srv': { type: 'directory' } }),
    await imageOf({ '/srv/old/deep/file': 'x', '/srv/older': 'y' }),
    LOOSE,
  );
  t.deepEqual(delta, { paths: ['/srv'], deletions: ['/srv/old', '/srv/older'] });
});

test('a file where a folder was is added after the folder is deleted, and the other way round', async (t) => {
  const machine = await machineOf({ '/srv/a': 'file', '/srv/b/inner': 'x' });
  const delta = exactDelta(machine, await imageOf({ '/srv/a/inner': 'x', '/srv/b': 'file' }), LOOSE);
  t.deepEqual(delta.deletions, ['/srv/a', '/srv/b']);
  t.deepEqual(delta.paths, ['/srv', '/srv/a', '/srv/b', '/srv/b/inner']);
});

test('one changed name of a file brings all its names', async (t) => {
  const machine = await machineOf({ '/a': 'x', '/b': { linkTo: '/a' }, '/c': { linkTo: '/a' } });
  const image = await imageOf({ '/a': 'x', '/b': { linkTo: '/a' } });
  t.deepEqual(exactDelta(machine, image, LOOSE).paths, ['/a', '/b', '/c']);
});

test('deleting by a command brings what engines make for commands', async (t) => {
  const common: Nodes = { '/etc/hosts': '127.0.0.1 box\n' };
  const delta = exactDelta(await machineOf(common), await imageOf({ ...common, '/etc/old': '' }), LOOSE);
  t.true(delta.paths.includes('/etc/hosts'));
});

test('what commands of builds leave, empty, is not deleted by one, and what has content is', async (t) => {
  const image = await imageOf({ '/etc/hosts': '', '/etc/hostname': 'builder\n', '/run': { type: 'directory' } });
  const delta = exactDelta(await machineOf({ '/etc/passwd': 'x' }), image, LOOSE);
  t.deepEqual(delta, { paths: ['/etc', '/etc/passwd'], deletions: ['/etc/hostname'] });
});

test('files of hosts and name servers that commands leave are deleted where the engine lets them be', async (t) => {
  const image = await imageOf({ '/etc/hosts': '', '/etc/resolv.conf': '', '/etc/hostname': '', '/etc/passwd': 'x' });
  const machine = await machineOf({ '/etc/passwd': 'x' });
  const delta = exactDelta(machine, image, { ...LOOSE, deletesNetworkFiles: true });
  t.deepEqual(delta.deletions, ['/etc/hosts', '/etc/resolv.conf']);
});

test('what lies below where the machine has a socket is deleted', async (t) => {
  const machine = await machineOf({ '/srv/talk': { type: 'socket' } });
  t.deepEqual(exactDelta(machine, await imageOf({ '/srv/talk': 'a file' }), LOOSE).deletions, ['/srv/talk']);
});

const node = fc.oneof(
  fc.constantFrom('', 'a', 'b'),
  fc.record({ content: fc.constantFrom('a', 'b'), mode: fc.constantFrom(0o644, 0o600) }),
  fc.record({ target: fc.constantFrom('x', '/y') }),
  fc.constant({ type: 'directory' as const }),
  fc.constant({ type: 'fifo' as const }),
);
const tree = fc
  .dictionary(fc.constantFrom('/s', '/s/x', '/s/x/y', '/s/z', '/t', '/t/u', '/v', '/etc/hosts'), node)
  .map((nodes): Nodes => Object.fromEntries(Object.entries(nodes).filter(([path]) => isPossible(nodes, path))));

/** Nothing lies below what is no folder. */
function isPossible(nodes: Nodes, path: string): boolean {
  return ancestors(path).every((folder) => {
    const above = nodes[folder];
    return above === undefined || (typeof above === 'object' && 'type' in above && above.type === 'directory');
  });
}

test('property: an image with its delta on top is the machine', async (t) => {
  await fc.assert(
    fc.asyncProperty(tree, tree, async (wanted, present) => {
      const machine = await machineOf(wanted);
      const below = await imageOf(present);
      const { paths, deletions } = exactDelta(machine, below, LOOSE);
      const whiteouts = Object.fromEntries(deletions.map((path) => [path.replace(/[^/]*$/, '.wh.$&'), '']));
      const deleted = (await applyLayer(below, onlyNamed(membersOf(whiteouts), Object.keys(whiteouts)), 1)).snapshot;
      const added = (await applyLayer(deleted, onlyNamed(membersOf(wanted), paths), 2)).snapshot;
      const differences = compareSnapshots(machine, added, { comparesTime: () => false });
      t.deepEqual(
        differences.filter(({ path, kind }) => kind !== 'extra' || !isLeftByRun(path, added.get(path)!)),
        [],
      );
    }),
    { numRuns: 300 },
  );
});

async function* onlyNamed<Member extends { name: string }>(
  members: AsyncIterable<Member>,
  paths: readonly string[],
): AsyncGenerator<Member> {
  for await (const member of members) if (paths.includes(`/${member.name}`)) yield member;
}
