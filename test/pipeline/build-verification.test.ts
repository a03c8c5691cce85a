import test from 'ava';
import { verifySnapshot } from '../../src/pipeline/build-verification.js';
import { imageOf, machineOf, type Nodes } from '../diff/samples.js';

const SETTING = { strictTimes: false, deltaFrom: 1, keepsUserAttributes: true };
const MACHINE: Nodes = { '/etc/passwd': 'x' };

test('what an engine leaves empty for a command of a build is named, and is no difference', async (t) => {
  const left: Nodes = { '/etc/hostname': '', '/etc/hosts': '', '/run': { type: 'directory' } };
  const tree = await imageOf({ ...MACHINE, ...left });
  const found = verifySnapshot(await machineOf(MACHINE), { tree, layers: [] }, SETTING);
  t.deepEqual(found.differences, []);
  t.is(found.verdict, 'identical');
  t.deepEqual(
    found.unrepresentable.map(({ path }) => path),
    Object.keys(left),
  );
});

test('the epoch in place of an earlier time is named, any other time is a difference', async (t) => {
  const machine = await machineOf({ '/srv/a': { content: 'x', mtime: -5 }, '/srv/b': { content: 'x', mtime: -5 } });
  const tree = await imageOf({ '/srv/a': { content: 'x', mtime: 0 }, '/srv/b': { content: 'x', mtime: 1 } });
  const found = verifySnapshot(machine, { tree, layers: [] }, { ...SETTING, deltaFrom: 0 });
  t.deepEqual(
    found.differences.map(({ path, kind }) => `${kind} ${path}`),
    ['time /srv/b'],
  );
  t.deepEqual(
    found.unrepresentable.map(({ path }) => path),
    ['/srv/a'],
  );
});

test('a name of the host that builds is a difference, as is an empty file anywhere else', async (t) => {
  const tree = await imageOf({ ...MACHINE, '/etc/hostname': 'builder\n', '/etc/motd': '' });
  const found = verifySnapshot(await machineOf(MACHINE), { tree, layers: [] }, SETTING);
  t.deepEqual(
    found.differences.map(({ path, kind }) => `${kind} ${path}`),
    ['extra /etc/hostname', 'extra /etc/motd'],
  );
});
