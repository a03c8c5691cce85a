import test from 'ava';
import { exactDelta } from '../../src/diff/delta.js';
import { planReuse, REUSE_MIN_BYTES, type ReusePlan } from '../../src/diff/reuse.js';
import { imageOf, machineOf, type Nodes } from './samples.js';

const LARGE = 'x'.repeat(REUSE_MIN_BYTES);
const OTHER = `y${LARGE.slice(1)}`;
const PROGRAMS: Nodes = Object.fromEntries(
  ['sh', 'mkdir', 'cp', 'chown', 'chmod', 'touch'].map((name) => [`/usr/bin/${name}`, name]),
);

async function reuse(machine: Nodes, image: Nodes): Promise<ReusePlan> {
  const wanted = await machineOf({ ...PROGRAMS, ...machine });
  const below = await imageOf({ ...PROGRAMS, ...image });
  return planReuse(wanted, below, exactDelta(wanted, below, { strictTimes: false, deletesNetworkFiles: false }));
}

test('a moved file is copied from where it was, a copied one from its first name', async (t) => {
  t.deepEqual(await reuse({ '/srv/new': LARGE }, { '/srv/old': LARGE }), {
    copies: [{ path: '/srv/new', from: '/srv/old' }],
    changed: [],
  });
  const { copies } = await reuse({ '/a': LARGE, '/b': LARGE, '/c': LARGE }, { '/b': LARGE, '/a': LARGE });
  t.deepEqual(copies, [{ path: '/c', from: '/a' }]);
});

test('a file with another owner alone is a copy of itself', async (t) => {
  const { copies } = await reuse({ '/a': { content: LARGE, uid: 7 } }, { '/a': LARGE });
  t.deepEqual(copies, [{ path: '/a', from: '/a' }]);
});

test('other content of the same size is no copy, and a candidate for a block delta only under its name', async (t) => {
  t.deepEqual(await reuse({ '/a': LARGE }, { '/b': OTHER }), { copies: [], changed: [] });
  t.deepEqual(await reuse({ '/a': LARGE }, { '/a': OTHER }), { copies: [], changed: ['/a'] });
});

test('small files, files of several names and files with attributes are shipped', async (t) => {
  const nothing = { copies: [], changed: [] };
  t.deepEqual(await reuse({ '/a': LARGE.slice(1) }, { '/b': LARGE.slice(1) }), nothing);
  t.deepEqual(await reuse({ '/a': LARGE, '/c': { linkTo: '/a' } }, { '/b': LARGE }), nothing);
  const attributes = new Map([['security.capability', Buffer.from('01000002', 'hex')]]);
  t.deepEqual(await reuse({ '/a': { content: LARGE, attributes } }, { '/b': LARGE }), nothing);
});

test('nothing is written through a link, or over one of several names of a file', async (t) => {
  const nothing = { copies: [], changed: [] };
  const image: Nodes = { '/a': { type: 'symlink', target: '/b' }, '/b': LARGE };
  t.deepEqual(await reuse({ '/a': LARGE, '/b': LARGE }, image), nothing);
  const linked: Nodes = { '/a': OTHER, '/c': { linkTo: '/a' }, '/b': LARGE };
  t.deepEqual(await reuse({ '/a': LARGE, '/c': OTHER, '/b': LARGE }, linked), nothing);
});

test('what commands of a build do not see as it is in the layers is no source', async (t) => {
  t.deepEqual(await reuse({ '/srv/a': LARGE }, { '/run/a': LARGE }), { copies: [], changed: [] });
});

test('an image without the programs of the stage has nothing to reuse', async (t) => {
  const wanted = await machineOf({ '/a': LARGE });
  const below = await imageOf({ '/b': LARGE });
  const delta = exactDelta(wanted, below, { strictTimes: false, deletesNetworkFiles: false });
  t.deepEqual(planReuse(wanted, below, delta), { copies: [], changed: [] });
});
