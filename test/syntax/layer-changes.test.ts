import test from 'ava';
import type { EntryType } from '../../src/model/entry.js';
import { LayerChanges } from '../../src/syntax/layer-changes.js';

interface Item {
  readonly type: EntryType;
  readonly from: string;
}

const BELOW = new Map<string, Item>([
  ['/', { type: 'directory', from: 'below' }],
  ['/a', { type: 'directory', from: 'below' }],
  ['/a/one', { type: 'file', from: 'below' }],
  ['/a/two', { type: 'file', from: 'below' }],
]);

function treeAfter(...members: readonly [name: string, type: EntryType][]): string[] {
  const changes = new LayerChanges(BELOW, ({ type }) => type);
  for (const [name, type] of members) {
    const path = changes.take(name);
    if (path !== null) changes.add(path, { type, from: 'layer' });
  }
  return [...changes.tree()].map(([path, { from }]) => `${path} ${from}`).sort();
}

test('a whiteout takes from the layers below alone, wherever it stands', (t) => {
  const wanted = ['/ below', '/a below', '/a/one layer', '/a/two below'];
  t.deepEqual(treeAfter(['a/.wh.one', 'file'], ['a/one', 'file']), wanted);
  t.deepEqual(treeAfter(['a/one', 'file'], ['a/.wh.one', 'file']), wanted);
});

test('a folder that comes again keeps what is in it, anything else in its place does not', (t) => {
  t.deepEqual(treeAfter(['./a/', 'directory']), ['/ below', '/a layer', '/a/one below', '/a/two below']);
  t.deepEqual(treeAfter(['a', 'symlink']), ['/ below', '/a layer']);
  t.deepEqual(treeAfter(['a', 'symlink'], ['a', 'directory']), ['/ below', '/a layer', '/a/one below', '/a/two below']);
});

test('a hard link leads into its own layer first', (t) => {
  const changes = new LayerChanges(BELOW, ({ type }) => type);
  t.is(changes.linked('./a/one').from, 'below');
  changes.add('/a/one', { type: 'file', from: 'layer' });
  t.is(changes.linked('a/one').from, 'layer');
  t.throws(() => changes.linked('a/none'), { code: 'image-invalid' });
});
