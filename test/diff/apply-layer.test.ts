import test from 'ava';
import { applyLayer, EMPTY_IMAGE, type LayerMember } from '../../src/diff/apply-layer.js';
import { imageOf } from './samples.js';

async function* members(...list: Partial<LayerMember>[]): AsyncGenerator<LayerMember> {
  for (const member of list) {
    yield {
      ...{ name: '', type: 'file', linkName: '', mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0 },
      ...{ device: { major: 0, minor: 0 }, records: new Map(), content: nothing() },
      ...member,
    };
  }
}

async function* nothing() {}

test('a whiteout takes a path of the layers below with all beneath it', async (t) => {
  const below = await imageOf({ '/a/b/c': 'x', '/a/bc': 'y' });
  const { snapshot } = await applyLayer(below, members({ name: 'a/.wh.b' }), 1);
  t.deepEqual([...snapshot.keys()], ['/', '/a', '/a/bc']);
});

test('an opaque folder keeps what its own layer brings, wherever the mark stands', async (t) => {
  const below = await imageOf({ '/a/old': 'x' });
  const { snapshot } = await applyLayer(below, members({ name: './a/new' }, { name: 'a/.wh..wh..opq' }), 1);
  t.deepEqual([...snapshot.keys()].sort(), ['/', '/a', '/a/new']);
});

test('a file in the place of a folder takes what was in it', async (t) => {
  const below = await imageOf({ '/a/b': 'x' });
  const { snapshot } = await applyLayer(below, members({ name: 'a' }), 1);
  t.deepEqual([...snapshot.keys()].sort(), ['/', '/a']);
});

test('a hard link may lead to a file of a layer below, and shares its identity', async (t) => {
  const below = await imageOf({ '/a': 'x' });
  const { snapshot } = await applyLayer(below, members({ name: 'b', type: 'hardlink', linkName: 'a' }), 1);
  t.is(snapshot.get('/b')?.group, snapshot.get('/a')?.group);
});

test('a hard link to nothing is refused', async (t) => {
  const link = members({ name: 'b', type: 'hardlink', linkName: '../../etc/passwd' });
  await t.throwsAsync(applyLayer(EMPTY_IMAGE, link, 0), { name: 'AppError', message: /hard link/ });
});

test('names that climb out stay inside', async (t) => {
  const { snapshot } = await applyLayer(EMPTY_IMAGE, members({ name: '../../x' }), 0);
  t.deepEqual([...snapshot.keys()], ['/', '/x']);
});

test('holes count as zeros in a digest', async (t) => {
  async function* runs() {
    yield { offset: 1, data: Buffer.from('x') };
  }
  const { snapshot, size } = await applyLayer(EMPTY_IMAGE, members({ name: 'a', size: 3, content: runs() }), 0);
  const whole = await imageOf({ '/a': '\0x\0' });
  t.is(snapshot.get('/a')?.sha256, whole.get('/a')?.sha256);
  t.is(size, 3);
});
