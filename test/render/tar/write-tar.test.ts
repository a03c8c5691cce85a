import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import test from 'ava';
import fc from 'fast-check';
import { type MemoryNode, memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { readTar } from '../../../src/guest/tar/read-tar.js';
import { type Entry, isHardLinked } from '../../../src/model/entry.js';
import { decodePath, encodePath } from '../../../src/model/path.js';
import { type TarItem, writeTar } from '../../../src/render/tar/write-tar.js';
import { TAR_END_SIZE, tarMemberSize } from '../../../src/syntax/tar-header.js';

async function archive(items: readonly TarItem[]): Promise<Buffer> {
  const stream = new PassThrough();
  const [bytes] = await Promise.all([buffer(stream), writeTar(stream, items)]);
  return bytes;
}

async function itemsOf(nodes: Readonly<Record<string, MemoryNode>>): Promise<TarItem[]> {
  const items: TarItem[] = [];
  await memoryGuest(nodes).stream(async (item) => {
    items.push(item);
  });
  return items;
}

function entryOf(path: string, more: Partial<Entry> = {}): Entry {
  return {
    path,
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 0,
    allocated: 0,
    mtime: 1,
    mtimeNanoseconds: 0,
    links: 1,
    fileId: path,
    ...more,
  };
}

/** What GNU tar, a program of its own, sees. */
function listed(bytes: Buffer): string {
  return execFileSync('tar', ['--numeric-owner', '--full-time', '--utc', '-tvf', '-'], {
    input: bytes,
    encoding: 'latin1',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  });
}

const MACHINE: Record<string, MemoryNode> = {
  '/usr/bin/ping': {
    content: 'ping',
    mode: 0o755,
    attributes: new Map([['security.capability', Buffer.from('0100000202c0ff', 'hex')]]),
  },
  '/usr/bin/ping4': { linkTo: '/usr/bin/ping' },
  '/srv/tagged': { content: 'z', attributes: new Map([['user.caf\xe9 %3D', Buffer.from([0, 10, 61])]]) },
  '/srv/link-too': { linkTo: '/srv/link' },
  [decodePath(Buffer.from('/srv/caf\xe9', 'latin1'))]: 'x',
  '/srv/new\nline "q" \\ *': 'y',
  [`/srv/${'d'.repeat(90)}/${'f'.repeat(200)}`]: { content: 'long', uid: 3_000_000, gid: 4_000_000 },
  '/srv/link': { target: '../'.repeat(60) },
  '/srv/old': { content: 'before 1970', mtime: -5 },
  '/srv/pipe': { type: 'fifo' },
  '/dev/sda': { type: 'block', device: { major: 8, minor: 0 }, mode: 0o660 },
  '/tmp': { type: 'directory', mode: 0o1777 },
};

test('GNU tar reads every kind of entry back', async (t) => {
  const text = listed(await archive(await itemsOf(MACHINE)));
  t.regex(text, /^drwxrwxrwt 0\/0 +0 1970-01-01 00:00:00 tmp\/$/m);
  t.regex(text, /^brw-rw---- 0\/0 +8,0 .* dev\/sda$/m);
  t.regex(text, /^prw-r--r-- 0\/0 .* srv\/pipe$/m);
  t.regex(text, /^-rw-r--r-- 3000000\/4000000 +4 .* srv\/d{90}\/f{200}$/m);
  t.regex(text, /^hrwxr-xr-x 0\/0 +0 .* usr\/bin\/ping4 link to usr\/bin\/ping$/m);
  t.regex(text, /^-rw-r--r-- 0\/0 +11 1969-12-31 23:59:55 srv\/old$/m);
  // Builders follow a symbolic link that they are told to make another name of.
  t.regex(text, /^lrwxrwxrwx 0\/0 .* srv\/link-too -> \.\.\//m);
  t.true(text.includes('srv/caf\\351'));
  t.true(text.includes(`srv/link -> ${'../'.repeat(60)}`));
});

test('our own reader gets the same bytes back, attributes on every name of a file', async (t) => {
  const bytes = await archive(await itemsOf(MACHINE));
  const names = new Map<string, string | undefined>();
  async function* chunks() {
    yield bytes;
  }
  for await (const member of readTar(chunks())) {
    const tag = member.records.get('SCHILY.xattr.user.caf\xe9 %3D');
    if (tag !== undefined) names.set('tag', `${member.name} ${tag.toString('hex')}`);
    const capability = member.records.get('SCHILY.xattr.security.capability');
    names.set(`/${member.name.replace(/\/$/, '')}`, capability?.toString('hex'));
  }
  t.is(names.get('tag'), 'srv/tagged 000a3d');
  t.is(names.get('/usr/bin/ping'), '0100000202c0ff');
  t.is(names.get('/usr/bin/ping4'), '0100000202c0ff');
  t.true(names.has(decodePath(Buffer.from('/srv/caf\xe9', 'latin1'))));
  t.true(names.has('/srv/new\nline "q" \\ *'));
});

test('the same machine gives the same bytes', async (t) => {
  t.deepEqual(await archive(await itemsOf(MACHINE)), await archive(await itemsOf(MACHINE)));
});

test('an archive is as long as the arithmetic says', async (t) => {
  const items = await itemsOf(MACHINE);
  const linked = new Map<string, string>();
  const predicted = items.reduce((sum, { entry, attributes }) => {
    const first = isHardLinked(entry) ? linked.get(entry.fileId) : undefined;
    linked.set(entry.fileId, first ?? entry.path);
    return sum + tarMemberSize({ entry, attributes: attributes!, ...(first === undefined ? {} : { linkTo: first }) });
  }, TAR_END_SIZE);
  t.is((await archive(items)).length, predicted);
});

test('property: names of any bytes come back from GNU tar', async (t) => {
  const part = fc
    .uint8Array({ minLength: 1, maxLength: 120 })
    .filter(
      (bytes) =>
        !bytes.includes(0) && !bytes.includes(0x2f) && !/^\.{1,2}$/.test(Buffer.from(bytes).toString('latin1')),
    );
  const check = fc.asyncProperty(part, async (bytes) => {
    const path = decodePath(Buffer.concat([Buffer.from('/'), bytes]));
    const tar = await archive([{ entry: entryOf(path) }]);
    const { stdout } = spawnSync('tar', ['--null', '--quoting-style=literal', '--show-transformed', '-tf', '-'], {
      input: tar,
    });
    return stdout.equals(Buffer.concat([encodePath(path).subarray(1), Buffer.from('\n')]));
  });
  await t.notThrowsAsync(async () => fc.assert(check, { numRuns: 60 }));
});

test('a file with holes stores its runs alone, and GNU tar makes the holes again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'write-tar-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const size = 3 * 1024 ** 3;
  const runs = [
    { offset: 0, data: Buffer.from('start') },
    { offset: 2 ** 31, data: Buffer.alloc(5000, 'm') },
    { offset: 2 ** 31 + 1_000_001, data: Buffer.from('odd') },
  ];
  async function* content() {
    yield* runs;
  }
  const bytes = await archive([
    {
      entry: entryOf('/sparse', { size, allocated: 8192 }),
      content: content(),
      extents: runs.map(({ offset, data }) => ({ offset, length: data.length })),
    },
  ]);
  t.true(bytes.length < 16_384);
  writeFileSync(join(folder, 'a.tar'), bytes);
  execFileSync('tar', ['-C', folder, '-xSf', join(folder, 'a.tar')]);
  const made = statSync(join(folder, 'sparse'));
  t.is(made.size, size);
  t.true(made.blocks * 512 < 100_000);
  const sample = execFileSync('dd', [`if=${join(folder, 'sparse')}`, 'bs=1', `skip=${2 ** 31 - 1}`, 'count=3'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.is(sample.toString('latin1'), '\0mm');
  const odd = execFileSync('dd', [`if=${join(folder, 'sparse')}`, 'bs=1', `skip=${2 ** 31 + 1_000_000}`, 'count=5'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.is(odd.toString('latin1'), '\0odd\0');
});

test('holes without a map are written as zeros', async (t) => {
  async function* content() {
    yield { offset: 2, data: Buffer.from('x') };
  }
  const bytes = await archive([{ entry: entryOf('/f', { size: 5 }), content: content() }]);
  t.is(bytes.subarray(512, 517).toString('latin1'), '\0\0x\0\0');
});

test('content longer than its entry is refused', async (t) => {
  async function* content() {
    yield { offset: 0, data: Buffer.from('too long') };
  }
  const error = await t.throwsAsync(archive([{ entry: entryOf('/f', { size: 3 }), content: content() }]));
  t.is((error as { code?: string }).code, 'guest-read-failed');
});

test('entries out of order are refused, since the archive would not be deterministic', async (t) => {
  await t.throwsAsync(archive([{ entry: entryOf('/b') }, { entry: entryOf('/a') }]), { message: /out of order/ });
});
