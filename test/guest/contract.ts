import type { TestFn } from 'ava';
import { AppError } from '../../src/errors.js';
import type { Guest } from '../../src/guest/guest.js';
import type { StreamItem } from '../../src/model/guest-fs.js';
import { comparePaths } from '../../src/model/path.js';
import { CONTRACT_TREE, HOLE_DATA, HOLE_START, MTIME } from './contract-tree.js';

/** What a kind of guest cannot hold, so that the contract does not ask for it. */
export interface ContractLimits {
  readonly noHoles?: boolean;
  readonly noSockets?: boolean;
}

/**
 * The promises of `GuestFs`, asked of one kind of guest that shows `CONTRACT_TREE`. The tests run one after the other
 * on one open guest; `open` is called once, and not at all when nothing runs.
 */
export function guestContract(
  test: TestFn,
  kind: string,
  open: () => Promise<Guest>,
  limits: ContractLimits = {},
): void {
  let guest: Guest;
  const expected = Object.entries(CONTRACT_TREE)
    .filter(([, node]) => !(limits.noHoles && node.hole !== undefined) && !(limits.noSockets && node.type === 'socket'))
    .sort(([a], [b]) => comparePaths(a, b));

  test.serial.before(`${kind}: opens`, async () => {
    guest = await open();
  });
  test.after.always(`${kind}: closes twice`, async () => {
    await guest?.close();
    await guest?.close();
  });

  test.serial(`${kind}: shows every entry once, parents first, names as bytes`, (t) => {
    const paths = [...guest.fs.entries()]
      .map(({ path }) => path)
      .filter((path) => path !== '/' && path !== '/lost+found');
    t.deepEqual(
      paths,
      expected.map(([path]) => path),
    );
    t.is([...guest.fs.entries()][0]!.path, '/');
    t.is(guest.fs.entryCount, [...guest.fs.entries()].length);
  });

  test.serial(`${kind}: tells type, mode, owner, size, time, device and target of each entry`, (t) => {
    for (const [path, node] of expected) {
      const entry = guest.fs.lstat(path)!;
      const source = node.linkTo === undefined ? node : CONTRACT_TREE[node.linkTo]!;
      const type = source.type ?? (source.target === undefined ? 'file' : 'symlink');
      const size = type === 'file' ? (source.hole ?? 0) + Buffer.byteLength(source.content ?? '') : 0;
      t.like(entry, { path, type, size, uid: source.uid ?? 0, gid: source.gid ?? 0 }, path);
      t.deepEqual(entry.target, source.target, path);
      t.deepEqual(entry.device, source.device, path);
      if (type !== 'symlink') t.is(entry.mode, source.mode ?? (type === 'directory' ? 0o755 : 0o644), path);
      if (type !== 'symlink' && type !== 'socket') t.is(entry.mtime, MTIME, path);
    }
  });

  test.serial(`${kind}: hard links share an identity and count their names`, (t) => {
    const [first, second] = [guest.fs.lstat('/odd/hard1')!, guest.fs.lstat('/odd/hard2')!];
    t.is(first.fileId, second.fileId);
    t.is(first.links, 2);
    t.is(second.links, 2);
    t.not(first.fileId, guest.fs.lstat('/odd/empty')!.fileId);
  });

  test.serial(`${kind}: links are followed inside of the guest, and loops end`, async (t) => {
    t.is(guest.fs.stat('/odd/escape')?.path, '/etc/shadow');
    t.is(guest.fs.stat('/lib/os-release')?.path, '/usr/lib/os-release');
    t.is(guest.fs.lstat('/lib/os-release')?.path, '/usr/lib/os-release');
    t.is(guest.fs.stat('/odd/loop1'), undefined);
    t.false(guest.fs.exists('/odd/loop1'));
    t.true(guest.fs.exists('/etc/os-release'));
    t.deepEqual(guest.fs.list('/bin'), ['tool']);
    t.deepEqual(guest.fs.list('/nowhere'), []);
    t.is((await guest.fs.readFile('/odd/escape')).toString(), 'root:*:1::::::\n');
  });

  test.serial(`${kind}: reads single files, whatever their names are made of`, async (t) => {
    for (const [path, node] of expected) {
      if (node.content === undefined || node.hole !== undefined) continue;
      t.is((await guest.fs.readFile(path)).toString(), node.content, path);
    }
  });

  test.serial(`${kind}: says with a code that a file is missing, is none, or is too large`, async (t) => {
    const codeOf = async (path: string, maxBytes?: number): Promise<string | undefined> => {
      const options = maxBytes === undefined ? {} : { maxBytes };
      const error = await t.throwsAsync(guest.fs.readFile(path, options), { instanceOf: AppError }, path);
      return error?.code;
    };
    t.is(await codeOf('/nowhere'), 'guest-file-missing');
    t.is(await codeOf('/odd/loop1'), 'guest-file-missing');
    t.is(await codeOf('/odd'), 'guest-file-missing');
    t.is(await codeOf('/odd/fifo'), 'guest-file-missing');
    t.is(await codeOf('/odd/character'), 'guest-file-missing');
    t.is(await codeOf('/etc/shadow', 3), 'guest-file-too-large');
  });

  test.serial(`${kind}: what was fetched in advance reads the same`, async (t) => {
    await guest.fs.prefetch(['/etc', '/odd', '/nowhere', '/odd/dir\udce9', '/odd/socket']);
    t.is((await guest.fs.readFile('/etc/hostname')).toString(), 'contract\n');
    t.is((await guest.fs.readFile('/odd/caf\udce9')).toString(), 'latin1');
    t.is((await guest.fs.readFile('/odd/back\\nslash')).toString(), 'backslash and n');
    t.is((await guest.fs.readFile('/odd/hard2')).toString(), 'one file, two names');
    t.is((await guest.fs.readFile('/odd/empty')).length, 0);
  });

  test.serial(`${kind}: one pass brings each entry once, with content, holes and attributes`, async (t) => {
    const seen = await streamAll(guest);
    t.deepEqual(
      [...seen.keys()].filter((path) => path !== '/' && path !== '/lost+found').sort(comparePaths),
      expected.map(([path]) => path),
    );
    let names = 0;
    for (const [path, node] of expected) {
      const item = seen.get(path)!;
      const source = node.linkTo === undefined ? node : CONTRACT_TREE[node.linkTo]!;
      t.deepEqual(Object.fromEntries(item.attributes), source.attributes ?? {}, path);
      if (item.entry.links > 1 && item.entry.type === 'file') {
        names += item.content === undefined ? 0 : 1;
        if (item.content !== undefined) t.is(item.content, source.content!, path);
      } else if (node.hole === undefined) t.is(item.content ?? null, node.content ?? null, path);
      else {
        t.true(item.firstOffset > 0 && item.firstOffset <= HOLE_START, 'the hole is skipped');
        t.true(item.content!.endsWith(HOLE_DATA) && item.content!.length < 1024 * 1024, 'only data comes');
      }
    }
    t.is(names, 1, 'a hard-link group brings its content once');
  });

  test.serial(`${kind}: a pass over some entries brings these only, and content may be left alone`, async (t) => {
    const paths: string[] = [];
    await guest.fs.stream(
      async ({ entry }) => {
        paths.push(entry.path);
      },
      ({ path }) => path === '/odd/hard2' || path.startsWith('/etc/'),
    );
    t.deepEqual(paths.sort(comparePaths), [
      '/etc/fstab',
      '/etc/hostname',
      '/etc/os-release',
      '/etc/shadow',
      '/odd/hard2',
    ]);
    const seen = await streamAll(guest, (path) => path === '/odd/hard2');
    t.is(seen.get('/odd/hard2')?.content, 'one file, two names');
  });

  test.serial(`${kind}: a pass that the visitor ends leaves the guest usable`, async (t) => {
    await t.throwsAsync(
      guest.fs.stream(async () => {
        throw new Error('enough');
      }),
      { message: 'enough' },
    );
    t.is((await guest.fs.readFile('/usr/bin/tool')).toString(), '#!/bin/sh\n');
    t.is((await streamAll(guest, (path) => path === '/etc/hostname')).get('/etc/hostname')?.content, 'contract\n');
  });

  test.serial(`${kind}: has nothing to complain of`, (t) => {
    t.deepEqual(guest.problems, []);
  });
}

interface Seen extends Omit<StreamItem, 'content'> {
  readonly content: string | undefined;
  readonly firstOffset: number;
}

async function streamAll(guest: Guest, select: (path: string) => boolean = () => true): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  await guest.fs.stream(
    async ({ entry, attributes, content }) => {
      const parts: Buffer[] = [];
      let firstOffset = -1;
      if (content !== undefined) {
        for await (const { offset, data } of content) {
          if (firstOffset === -1) firstOffset = offset;
          parts.push(Buffer.from(data));
        }
      }
      if (seen.has(entry.path)) throw new Error(`${entry.path} came twice`);
      const text = content === undefined ? undefined : Buffer.concat(parts).toString('utf8');
      seen.set(entry.path, { entry, attributes, content: text, firstOffset });
    },
    ({ path }) => select(path),
  );
  return seen;
}
