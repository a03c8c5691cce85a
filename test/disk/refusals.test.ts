import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSource } from '../../src/disk/open-source.js';
import { AppError, type ErrorCode } from '../../src/errors.js';
import { endsSoon } from '../patience.js';
import { MIB, noise, qemuImg, SAMPLE_BYTES, temporaryFolder, writeSampleDisk } from './sample.js';
import { cowdExtent, descriptorText, withFooter, writeDescriptor } from './vmdk-writer.js';

interface Expected {
  readonly code: ErrorCode;
  readonly message: RegExp;
  readonly todo?: RegExp;
}

const sectors = SAMPLE_BYTES / 512;

/** Opens, expects the failure before long, and nothing left in the temporary folder. */
async function refused(
  t: ExecutionContext,
  path: string,
  expected: Expected,
  allowDirs: readonly string[] = [],
): Promise<void> {
  const temporary = await mkdtemp(join(tmpdir(), 'refusal-'));
  const error = await endsSoon(t, () => t.throwsAsync(openSource(path, { allowDirs, temporaryFolder: temporary })));
  t.true(error instanceof AppError, String(error));
  t.is((error as AppError).code, expected.code, error!.message);
  t.regex(error!.message, expected.message);
  t.regex((error as AppError).todo, expected.todo ?? /\w/);
  t.deepEqual(await readdir(temporary), []);
  await rm(temporary, { recursive: true });
}

interface Case {
  readonly what: string;
  make(folder: string): Promise<string>;
  readonly expected: Expected;
}

const CASES: readonly Case[] = [
  {
    what: 'a path that does not exist',
    make: async (folder) => join(folder, 'nothing.vmdk'),
    expected: { code: 'input-missing', message: /nothing\.vmdk does not exist/, todo: /Check the path/ },
  },
  {
    what: 'an empty file',
    make: (folder) => file(folder, 'empty.qcow2', ''),
    expected: { code: 'input-not-a-disk', message: /empty file/ },
  },
  {
    what: 'a text file',
    make: (folder) => file(folder, 'notes.vmdk', 'Dear diary,\n'.repeat(500)),
    expected: { code: 'input-not-a-disk', message: /no disk image/, todo: /VMDK, qcow2, raw/ },
  },
  {
    what: 'a file of noise',
    make: (folder) => file(folder, 'noise.img', noise('x', MIB)),
    expected: { code: 'input-not-a-disk', message: /no known format/ },
  },
  {
    what: 'a folder that is no root',
    make: async (folder) => {
      await mkdir(join(folder, 'vm'));
      await writeFile(join(folder, 'vm', 'box.vmx'), '');
      return join(folder, 'vm');
    },
    expected: { code: 'input-not-a-disk', message: /is a folder/, todo: /box\.vmx/ },
  },
  {
    what: 'a named pipe, without waiting for a writer',
    make: async (folder) => {
      execFileSync('mkfifo', [join(folder, 'pipe.img')]);
      return join(folder, 'pipe.img');
    },
    expected: { code: 'input-not-a-disk', message: /named pipe/ },
  },
  {
    what: 'a character device',
    make: async () => '/dev/zero',
    expected: { code: 'input-not-a-disk', message: /character device/ },
  },
  {
    what: 'a link that leads to itself',
    make: async (folder) => {
      await symlink('loop', join(folder, 'loop'));
      return join(folder, 'loop');
    },
    expected: { code: 'input-unreadable', message: /leads to itself/ },
  },
  {
    what: 'a VMDK whose extent is a named pipe',
    make: async (folder) => {
      execFileSync('mkfifo', [join(folder, 'a-flat.vmdk')]);
      return descriptor(folder, ['RW 2048 FLAT "a-flat.vmdk" 0']);
    },
    expected: { code: 'input-refused-reference', message: /a-flat\.vmdk as its extent, which is a named pipe/ },
  },
  {
    what: 'a VMDK whose extent is /etc/shadow',
    make: (folder) => descriptor(folder, ['RW 1 FLAT "/etc/shadow" 0']),
    expected: { code: 'input-refused-reference', message: /\/etc\/shadow as its extent.*outside/, todo: /--allow-dir/ },
  },
  {
    what: 'a VMDK whose extent climbs out of its folder',
    make: (folder) => descriptor(folder, ['RW 1 FLAT "../../../../../../etc/passwd" 0']),
    expected: { code: 'input-refused-reference', message: /\/etc\/passwd/ },
  },
  {
    what: 'a VMDK whose extent is a link out of its folder',
    make: async (folder) => {
      await symlink('/etc/passwd', join(folder, 'a-flat.vmdk'));
      return descriptor(folder, ['RW 1 FLAT "a-flat.vmdk" 0']);
    },
    expected: { code: 'input-refused-reference', message: /\/etc\/passwd/ },
  },
  {
    what: 'a VMDK whose extent is missing',
    make: (folder) => descriptor(folder, ['RW 2048 FLAT "a-flat.vmdk" 0']),
    expected: {
      code: 'input-missing-reference',
      message: /needs a-flat\.vmdk as its extent/,
      todo: /Copy a-flat\.vmdk next to/,
    },
  },
  {
    what: 'a VMDK whose extent is on the network',
    make: (folder) => descriptor(folder, ['RW 2048 FLAT "nbd://10.0.0.1/x" 0']),
    expected: { code: 'input-refused-reference', message: /nbd: reference/ },
  },
  {
    what: 'a flat VMDK whose extent is short',
    make: async (folder) => {
      await file(folder, 'a-flat.vmdk', Buffer.alloc(2047 * 512));
      return descriptor(folder, ['RW 2048 FLAT "a-flat.vmdk" 0']);
    },
    expected: { code: 'input-truncated', message: /must have 1048576 bytes, and has 1048064/ },
  },
  {
    what: 'a VMDK without its parent',
    make: async (folder) => {
      await file(folder, 'a-delta.vmdk', cowdExtent(sectors, 8, new Map()));
      return descriptor(folder, [`RW ${sectors} VMFSSPARSE "a-delta.vmdk"`], {
        createType: 'vmfsSparse',
        parentCid: 'aabbccdd',
        parentHint: 'base.vmdk',
      });
    },
    expected: { code: 'input-missing-reference', message: /needs base\.vmdk as its parent/ },
  },
  {
    what: 'a VMDK that is its own parent',
    make: async (folder) => {
      await file(folder, 'a-delta.vmdk', cowdExtent(sectors, 8, new Map()));
      return descriptor(folder, [`RW ${sectors} VMFSSPARSE "a-delta.vmdk"`], {
        createType: 'vmfsSparse',
        parentCid: '12345678',
        parentHint: 'a.vmdk',
      });
    },
    expected: { code: 'input-corrupt', message: /leads back/ },
  },
  {
    what: 'a raw device mapping of VMware',
    make: (folder) => descriptor(folder, ['RW 2048 VMFSRDM "a-rdm.vmdk"'], { createType: 'vmfsRawDeviceMap' }),
    expected: { code: 'input-unsupported', message: /raw device mapping/, todo: /vmkfstools/ },
  },
  {
    what: 'a VMDK on a physical drive of Windows',
    make: (folder) => descriptor(folder, ['RW 2048 FLAT "\\\\.\\PhysicalDrive0" 0']),
    expected: { code: 'input-unsupported', message: /raw device mapping/ },
  },
  {
    what: 'an encrypted VMDK',
    make: (folder) => descriptor(folder, ['RW 2048 VMFS "a-flat.vmdk"'], { more: ['ddb.iofilters = "vmwarevmcrypt"'] }),
    expected: { code: 'input-encrypted', message: /ddb\.iofilters/ },
  },
  {
    what: 'a VMDK with a line that only some readers would take for an extent',
    make: (folder) => descriptor(folder, ['RW', '2048 FLAT "/etc/shadow" 0']),
    expected: { code: 'input-corrupt', message: /no extent and no setting/ },
  },
  {
    what: 'a monolithic VMDK whose own descriptor names /etc/shadow',
    make: (folder) => monolithicWith(folder, 'RW 1 FLAT "/etc/shadow" 0'),
    expected: { code: 'input-corrupt', message: /other extents than itself/ },
  },
  {
    what: 'a VMDK whose header sends QEMU to the descriptor inside, and whose footer does not',
    make: async (folder) => {
      const path = await monolithicWith(folder, 'RW 32768 SPARSE "a.vmdk"', 'streamOptimized');
      const image = withFooter(await readFile(path));
      image.writeBigUInt64LE(0n, 12);
      await writeFile(path, image);
      return path;
    },
    expected: { code: 'input-unsupported', message: /empty shell around a descriptor/ },
  },
  {
    what: 'one part of a split VMDK',
    make: async (folder) => {
      await qemuImg(
        'create',
        '-q',
        '-f',
        'vmdk',
        '-o',
        'subformat=twoGbMaxExtentSparse',
        join(folder, 'a.vmdk'),
        '16M',
      );
      return join(folder, 'a-s001.vmdk');
    },
    expected: { code: 'input-unsupported', message: /one part of a split disk/, todo: /Name the descriptor/ },
  },
  {
    what: 'a qcow2 whose backing file is /etc/passwd',
    make: (folder) => overlay(folder, '/etc/passwd', 'raw'),
    expected: {
      code: 'input-refused-reference',
      message: /\/etc\/passwd as its backing file/,
      todo: /--allow-dir "\/etc"/,
    },
  },
  {
    what: 'a qcow2 whose backing file is missing',
    make: (folder) => overlay(folder, 'base.qcow2', 'qcow2'),
    expected: { code: 'input-missing-reference', message: /needs base\.qcow2 as its backing file/ },
  },
  {
    what: 'a qcow2 with a json: backing file',
    make: (folder) => overlay(folder, 'json:{"driver":"file","filename":"/etc/passwd"}', 'raw'),
    expected: { code: 'input-refused-reference', message: /json: reference/ },
  },
  {
    what: 'a qcow2 whose backing file is on the network',
    make: (folder) => overlay(folder, 'nbd:localhost:10809', 'raw'),
    expected: { code: 'input-refused-reference', message: /nbd: reference/ },
  },
  {
    what: 'a qcow2 that keeps its data in /etc/passwd',
    make: async (folder) => {
      const path = join(folder, 'a.qcow2');
      const data = join(folder, 'aaaaaaaaaaa');
      await qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${data}`, path, '16M');
      await replaceInFile(path, data, '/etc/passwd'.padEnd(data.length, '\0'));
      return path;
    },
    expected: { code: 'input-unsupported', message: /holds a NUL/ },
  },
  {
    what: 'an encrypted qcow2',
    make: async (folder) => {
      const path = join(folder, 'a.qcow2');
      await qemuImg(
        'create',
        '-q',
        '-f',
        'qcow2',
        '--object',
        'secret,id=s,data=abc',
        '-o',
        'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10',
        path,
        '16M',
      );
      return path;
    },
    expected: { code: 'input-encrypted', message: /LUKS/, todo: /decrypt/ },
  },
  {
    what: 'a disk packed with xz',
    make: (folder) => file(folder, 'a.img.xz', Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), Buffer.alloc(100)])),
    expected: { code: 'input-unsupported', message: /packed with xz/, todo: /xz -dk/ },
  },
];

for (const { what, make, expected } of CASES) {
  test(`refused: ${what}`, async (t) => {
    const folder = await temporaryFolder(t);
    await refused(t, await make(folder), expected);
  });
}

test('refused: a socket', async (t) => {
  const folder = await temporaryFolder(t);
  const server = createServer().listen(join(folder, 'socket.img'));
  await new Promise((resolve) => server.once('listening', resolve));
  await refused(t, join(folder, 'socket.img'), { code: 'input-not-a-disk', message: /is a socket/ });
  server.close();
});

const asUser = process.getuid?.() === 0 ? test.skip : test;
asUser('refused: a file that may not be read (root may read every file: skipped for it)', async (t) => {
  const folder = await temporaryFolder(t);
  const path = await file(folder, 'secret.img', 'x');
  await chmod(path, 0);
  await refused(t, path, { code: 'input-unreadable', message: /may not be read/, todo: /read access/ });
});

test('--allow-dir lets a disk reach a folder, and no other', async (t) => {
  const folder = await temporaryFolder(t);
  const bases = join(folder, 'bases');
  const other = join(folder, 'other');
  const disks = join(folder, 'disks');
  for (const name of [bases, other, disks]) await mkdir(name);
  await writeSampleDisk(join(bases, 'base.raw'));
  const path = join(disks, 'top.qcow2');
  await qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', join(bases, 'base.raw'), path);
  const outside: Expected = { code: 'input-refused-reference', message: /outside of the folder/ };
  await refused(t, path, outside);
  await refused(t, path, outside, [other]);
  const source = await openSource(path, { allowDirs: [bases] });
  t.deepEqual(source.disks[0]!.files, [path, join(bases, 'base.raw')]);
});

test('a backing file that is declared raw stays raw, whatever its guest wrote into it', async (t) => {
  const folder = await temporaryFolder(t);
  const evil = join(folder, 'base.raw');
  await qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-u', '-b', '/etc/passwd', evil, '16M');
  const path = join(folder, 'top.qcow2');
  await qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-u', '-b', evil, path, '16M');
  // Seen as qcow2, the base would lead on to /etc/passwd.
  const source = await openSource(path, { allowDirs: [] });
  t.deepEqual(source.disks[0]!.files, [path, evil]);
});

test('a chain of snapshots that is too long is refused', async (t) => {
  const folder = await temporaryFolder(t);
  for (let index = 0; index <= 65; index += 1) {
    const below = index === 0 ? [] : ['-F', 'qcow2', '-u', '-b', `${index - 1}.qcow2`];
    await qemuImg('create', '-q', '-f', 'qcow2', ...below, join(folder, `${index}.qcow2`), '1M');
  }
  await refused(t, join(folder, '65.qcow2'), { code: 'input-unsupported', message: /longer than 64/ });
});

async function file(folder: string, name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

async function descriptor(folder: string, extents: readonly string[], more: object = {}): Promise<string> {
  const path = join(folder, 'a.vmdk');
  await writeDescriptor(path, { createType: 'custom', extents, ...more });
  return path;
}

/** A disk of qemu-img whose descriptor inside is another one of the same length. */
async function monolithicWith(folder: string, extent: string, subformat = 'monolithicSparse'): Promise<string> {
  const path = join(folder, 'a.vmdk');
  await qemuImg('create', '-q', '-f', 'vmdk', '-o', `subformat=${subformat}`, path, '16M');
  const image = await readFile(path);
  const [offset, length] = [image.readUInt32LE(28) * 512, image.readUInt32LE(36) * 512];
  const text = descriptorText({ createType: 'monolithicFlat', extents: [extent] });
  Buffer.from(text.padEnd(length, '\0')).copy(image, offset);
  await writeFile(path, image);
  return path;
}

async function overlay(folder: string, backing: string, format: string): Promise<string> {
  const path = join(folder, 'a.qcow2');
  // -u: qemu-img does not open the backing file.
  await qemuImg('create', '-q', '-f', 'qcow2', '-u', '-F', format, '-b', backing, path, '16M');
  return path;
}

async function replaceInFile(path: string, from: string, to: string): Promise<void> {
  const handle = await open(path, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(65536), 0, 65536, 0);
  const position = buffer.indexOf(from);
  await handle.write(Buffer.from(to), 0, to.length, position);
  await handle.close();
}
