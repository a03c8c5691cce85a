import { execFileSync } from 'node:child_process';
import { createReadStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readTar } from '../../src/guest/tar/read-tar.js';
import { leaveOut } from '../../src/pipeline/lean-root.js';

const NEVER = new AbortController().signal;

test('regular files leave a root, and every other member stays as it was, to the byte', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lean-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'root');
  mkdirSync(join(root, 'usr/lib'), { recursive: true });
  for (const name of ['gone', 'kept', 'linked', `long-${'n'.repeat(150)}`]) {
    writeFileSync(join(root, 'usr/lib', name), name.repeat(300));
  }
  execFileSync('sh', ['-euc', 'cd usr/lib; ln linked second; ln -s gone link; truncate -s 3M sparse'], { cwd: root });
  const file = join(folder, 'root.tar');
  const format = ['--format=pax', '--sort=name', '--sparse', '--numeric-owner'];
  execFileSync('tar', [...format, '-C', root, '-cf', file, '.']);
  const before = await membersOf(file);

  const names = ['gone', 'link', 'linked', 'second', 'sparse', `long-${'n'.repeat(150)}`, 'absent'];
  await leaveOut(file, new Set(['/', '/usr/lib', ...names.map((name) => `/usr/lib/${name}`)]), NEVER);
  const gone = ['./usr/lib/gone', './usr/lib/sparse', `./usr/lib/long-${'n'.repeat(150)}`];
  t.deepEqual(
    await membersOf(file),
    before.filter(({ name }) => !gone.includes(name)),
  );
  t.is(before.length - gone.length, execFileSync('tar', ['-tf', file]).toString().trimEnd().split('\n').length);
});

test('a root that is not rewritten to its end stays as it was', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lean-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'gone'), 'x');
  execFileSync('tar', ['-cf', 'root.tar', './gone'], { cwd: folder });
  const before = await membersOf(join(folder, 'root.tar'));
  await t.throwsAsync(leaveOut(join(folder, 'root.tar'), new Set(['/gone']), AbortSignal.abort()));
  t.deepEqual(await membersOf(join(folder, 'root.tar')), before);
  t.is(execFileSync('ls', [folder]).toString(), 'gone\nroot.tar\n');
});

async function membersOf(file: string) {
  const members: { name: string; [key: string]: unknown }[] = [];
  for await (const { content, position: _, records, ...member } of readTar(createReadStream(file))) {
    const bytes: string[] = [];
    for await (const { offset, data } of content) bytes.push(`${offset}:${Buffer.from(data).toString('latin1')}`);
    members.push({ ...member, records: [...records], bytes });
  }
  return members;
}
