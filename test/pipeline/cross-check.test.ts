import test from 'ava';
import type { Guest } from '../../src/guest/guest.js';
import { type MemoryNode, memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { silentProgress } from '../../src/model/progress.js';
import { crossCheck, differencesOf } from '../../src/pipeline/cross-check.js';
import { machineOf } from '../guest/native/images.js';

function guest(reader: Guest['reader'], nodes: Readonly<Record<string, MemoryNode>>): Guest {
  return { fs: memoryGuest(nodes), filesystems: [], problems: [], reader, close: async () => {} };
}

test('readers that see the same have no difference', async (t) => {
  const nodes = { '/etc/hostname': 'box\n', '/bin': { type: 'symlink', target: 'usr/bin' } } as const;
  t.deepEqual(await differencesOf(guest('native', nodes), guest('libguestfs', nodes)), []);
});

test('a difference names the path, the field and what either reader saw', async (t) => {
  const problems = await differencesOf(
    guest('native', { '/a': { content: 'one', mode: 0o644 }, '/b': 'same', '/only': '' }),
    guest('libguestfs', { '/a': { content: 'two', mode: 0o600 }, '/b': 'same' }),
  );
  const summary = problems.map(({ code, path, reason }) => `${code} ${path} ${reason.split(':')[0]}`);
  t.deepEqual(summary.sort(), ['readers-differ /a content', 'readers-differ /a mode', 'readers-differ /only exists']);
  t.true(problems.some(({ reason }) => reason === `mode: native ${0o644}, libguestfs ${0o600}`));
});

test('a folder, which is read in one way only, is said not to be checked', async (t) => {
  const source = { ...machineOf(), argument: 'root-folder' };
  const problems = await crossCheck(source, guest('folder', {}), { keys: [], progress: silentProgress });
  t.deepEqual(
    problems.map(({ code, path }) => [code, path]),
    [['cross-check-impossible', 'root-folder']],
  );
});

test('what the other reader declines is said, and does not end the run', async (t) => {
  const problems = await crossCheck(machineOf(), guest('libguestfs', {}), { keys: [], progress: silentProgress });
  t.deepEqual(
    problems.map(({ code }) => code),
    ['cross-check-impossible'],
  );
  t.regex(problems[0]!.reason, /no disks/);
});
