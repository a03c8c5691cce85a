import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sourceOf } from '../../src/disk/byte-source.js';
import { type TarMember, tarMembers } from '../../src/disk/tar-index.js';
import type { AppError } from '../../src/errors.js';
import { noise, temporaryFolder } from './sample.js';

async function index(archive: Buffer): Promise<TarMember[]> {
  const members: TarMember[] = [];
  for await (const member of tarMembers(sourceOf(archive), 'a.tar')) members.push(member);
  return members;
}

for (const format of ['gnu', 'posix', 'ustar', 'v7', 'oldgnu']) {
  test(`members of a tar in the format ${format} are found with their content`, async (t) => {
    const folder = await temporaryFolder(t);
    const files = new Map([
      ['short', noise('1', 1000)],
      [`deep/${'d'.repeat(80)}`, noise('2', 512)],
      ['empty', Buffer.alloc(0)],
    ]);
    // Only these two hold names beyond what a header has room for.
    if (format === 'gnu' || format === 'posix') files.set(`deep/${'ü'.repeat(120)}`, noise('3', 700));
    await mkdir(join(folder, 'tree', 'deep'), { recursive: true });
    for (const [name, content] of files) await writeFile(join(folder, 'tree', name), content);
    execFileSync('tar', ['-C', join(folder, 'tree'), `--format=${format}`, '-cf', join(folder, 'a.tar'), '.']);
    const archive = await readFile(join(folder, 'a.tar'));
    const members = await index(archive);
    t.deepEqual(
      new Map(
        members
          .filter((member) => member.type === 'file')
          .map(({ name, offset, size }) => [name, archive.subarray(offset, offset + size)]),
      ),
      new Map(
        [...files].sort(([a], [b]) => members.findIndex((m) => m.name === a) - members.findIndex((m) => m.name === b)),
      ),
    );
    t.true(members.some((member) => member.type === 'directory' && member.name === 'deep'));
  });
}

test('a size beyond octal digits is read', async (t) => {
  const header = Buffer.alloc(512);
  header.write('big', 0);
  header[124] = 0x80;
  header.writeUIntBE(2 ** 40, 130, 6);
  header.write('ustar\x0000', 257, 'latin1');
  header[156] = 0x30;
  header.fill(' ', 148, 156);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const error = await t.throwsAsync<AppError>(index(header));
  t.regex(error.message, new RegExp(`a member ends at ${2 ** 40 + 512}`));
});
