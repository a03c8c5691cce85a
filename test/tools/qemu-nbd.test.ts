import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { openSource } from '../../src/disk/open-source.js';
import type { AppError } from '../../src/errors.js';
import type { BlockNode } from '../../src/model/machine.js';
import { nodeArgument } from '../../src/tools/qemu-img.js';
import { startNbd } from '../../src/tools/qemu-nbd.js';
import { contentOf, digestOf, fingerprint, qemuImg, writeSampleDisk } from '../disk/sample.js';

const execute = promisify(execFile);

/** A short path: a socket's has at most 107 bytes. The comma and the quote must not part the options of QEMU. */
async function folderFor(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'n,b"d-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function sampleNode(folder: string): Promise<{ node: BlockNode; raw: string; disk: string }> {
  const raw = join(folder, 'sample.raw');
  const disk = join(folder, 'box.vmdk');
  await writeSampleDisk(raw);
  await qemuImg('convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, disk);
  const source = await openSource(disk, { allowDirs: [] });
  return { node: source.disks[0]!.node, raw, disk };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a disk is served read-only on a socket, until it is stopped', async (t) => {
  const folder = await folderFor(t);
  const { node, raw, disk } = await sampleNode(folder);
  const before = await fingerprint(disk);
  const registered: number[] = [];
  const server = await startNbd(node, { socketFolder: folder, disk, register: (pid) => registered.push(pid) });
  t.deepEqual(registered, [server.pid]);
  t.is(server.uri, `nbd://?socket=${encodeURI(join(folder, 'disk.sock'))}`);
  const served: BlockNode = { driver: 'nbd', server: { driver: 'unix', type: 'unix', path: server.socket } };
  const { driver: _, ...address } = served.server as BlockNode;
  const client = { ...served, server: address } as unknown as BlockNode;
  t.is(await contentOf(client, folder), await digestOf(raw));
  await t.throwsAsync(execute('qemu-io', ['-c', 'write 0 512', nodeArgument({ driver: 'raw', file: client })]));
  await server.stop();
  await server.stop();
  t.false(isAlive(server.pid));
  t.is(await fingerprint(disk), before);
});

test('several clients may read one disk at a time', async (t) => {
  const folder = await folderFor(t);
  const { node, raw, disk } = await sampleNode(folder);
  const server = await startNbd(node, { socketFolder: folder, disk });
  t.teardown(() => server.stop());
  const client = { driver: 'nbd', server: { type: 'unix', path: server.socket } } as unknown as BlockNode;
  const contents = await Promise.all([1, 2, 3].map(() => contentOf(client, folder)));
  t.deepEqual(new Set(contents), new Set([await digestOf(raw)]));
});

test('a disk that QEMU cannot open fails with its last words, and leaves no process', async (t) => {
  const folder = await folderFor(t);
  let pid = 0;
  const node: BlockNode = {
    driver: 'qcow2',
    'read-only': true,
    backing: null,
    file: { driver: 'file', filename: join(folder, 'gone') },
  };
  const error = await t.throwsAsync<AppError>(
    startNbd(node, {
      socketFolder: folder,
      disk: 'gone',
      register: (started) => {
        pid = started;
      },
    }),
  );
  t.is(error.code, 'input-corrupt');
  t.regex(error.detail ?? '', /No such file/);
  t.false(isAlive(pid));
});

test('an interrupted start and a socket path that is too long leave nothing', async (t) => {
  const folder = await folderFor(t);
  const { node, disk } = await sampleNode(folder);
  const files = await readdir(folder);
  const interrupted = await t.throwsAsync<AppError>(
    startNbd(node, { socketFolder: folder, disk, signal: AbortSignal.abort() }),
  );
  t.is(interrupted.code, 'interrupted');
  // At several moments: before the program runs, before its socket is made, and after.
  for (const delay of [0, 5, 10, 20, 40]) {
    const signal = AbortSignal.timeout(delay);
    const served = await startNbd(node, { socketFolder: folder, disk, signal }).catch(() => undefined);
    await served?.stop();
  }
  const tooLong = await t.throwsAsync<AppError>(
    startNbd(node, { socketFolder: folder, socketName: 'x'.repeat(100), disk }),
  );
  t.regex(tooLong.todo, /TMPDIR/);
  t.deepEqual((await readdir(folder)).sort(), files.sort());
});
