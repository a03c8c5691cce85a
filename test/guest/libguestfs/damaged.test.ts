import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { openLibguestfs } from '../../../src/guest/libguestfs/open-libguestfs.js';
import { silentProgress } from '../../../src/model/progress.js';
import { layoutDisk } from '../layout-disks.js';
import { sourceOf } from './contract-disk.js';
import { testWithAppliance } from './needs.js';

const able = testWithAppliance(test);
const CONTENT = 'to be read\n'.repeat(1000);

/** Many extents, so that they are in a block of their own: what is zero becomes a hole. */
const PIECES = 'x'.repeat(4096).concat('\0'.repeat(4096)).repeat(20);

/** ext4 that has lost a block of extents of one file, and the head of the extents in the inodes of a file and a folder. */
function damagedDisk(folder: string): string {
  const whole = layoutDisk({
    name: 'to-be-damaged',
    table: 'none',
    parts: [
      {
        type: 'ext4',
        megabytes: 16,
        files: {
          'etc/os-release': 'ID=damaged\n',
          'usr/': '',
          'var/pieces': PIECES,
          'var/headless': CONTENT,
          'var/folder/file': CONTENT,
          'var/whole': CONTENT,
        },
      },
    ],
  });
  const disk = join(folder, 'damaged.raw');
  copyFileSync(whole, disk);
  for (const [path, field, value] of [
    ['/var/headless', 'block[0]', '0xdead'],
    ['/var/folder', 'block[0]', '0xdead'],
  ]) {
    execFileSync('debugfs', ['-w', '-R', `set_inode_field ${path} ${field} ${value}`, disk], { stdio: 'ignore' });
  }
  const status = execFileSync('debugfs', ['-R', 'stat /var/pieces', disk], { encoding: 'utf8', stdio: 'pipe' });
  const block = Number(/\(ETB0\):(\d+)/.exec(status)?.[1]);
  const file = openSync(disk, 'r+');
  // mke2fs takes blocks of 1 KiB on a disk of this size.
  writeSync(file, Buffer.alloc(1024, 0xaa), 0, 1024, block * 1024);
  closeSync(file);
  return disk;
}

if (able !== null) {
  process.env.LIBGUESTFS_BACKEND_SETTINGS ??= 'force_tcg';

  able('what cannot be read on a damaged disk is named, and the rest is read', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'damaged-'));
    const guest = await openLibguestfs(sourceOf(damagedDisk(folder)), { keys: [], progress: silentProgress });
    try {
      const sizes = new Map<string, number>();
      await guest.fs.stream(async ({ entry, content }) => {
        let size = 0;
        for await (const { data } of content ?? []) size += data.length;
        sizes.set(entry.path, size);
      });
      t.is(sizes.get('/var/whole'), CONTENT.length);
      t.is(String(await guest.fs.readFile('/var/whole')), CONTENT);
      await t.throwsAsync(guest.fs.readFile('/var/pieces'), { code: 'guest-read-failed', message: /\/var\/pieces/ });
      const named = new Set(guest.problems.map(({ code, path }) => `${code} ${path}`));
      t.deepEqual(
        [...named].sort(),
        ['file-unreadable /var/folder', 'file-unreadable /var/headless', 'file-unreadable /var/pieces'],
        JSON.stringify(guest.problems),
      );
    } finally {
      await guest.close();
      rmSync(folder, { recursive: true });
    }
  });
}
