import { execFile } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { BlockNode } from '../../src/model/machine.js';

export const MIB = 1024 * 1024;
export const SAMPLE_BYTES = 24 * MIB;

/** A folder that goes away with the test. */
export async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'disk-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Bytes that do not compress and are the same in every run. */
export function noise(seed: string, length: number): Buffer {
  const key = createHash('md5').update(seed).digest();
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** A raw disk with a partition table, noise in five places (the last MiB included) and holes between them. */
export async function writeSampleDisk(path: string, bytes = SAMPLE_BYTES): Promise<void> {
  const file = await open(path, 'wx');
  await file.truncate(bytes);
  await file.write(partitionTable(bytes), 0, 512, 0);
  for (let index = 1; index <= 4; index += 1) {
    const offset = Math.floor((bytes * index) / 5 / 4096) * 4096;
    await file.write(noise(`${index}`, MIB / 2), 0, MIB / 2, offset);
  }
  await file.write(noise('end', MIB), 0, MIB, bytes - MIB);
  await file.close();
}

export function partitionTable(bytes: number): Buffer {
  const sector = Buffer.alloc(512);
  sector[450] = 0x83;
  sector.writeUInt32LE(2048, 454);
  sector.writeUInt32LE(bytes / 512 - 2048, 458);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

const execute = promisify(execFile);

export async function qemuImg(...args: string[]): Promise<string> {
  return (await execute('qemu-img', args, { timeout: 60_000 })).stdout;
}

/** Digest of all the bytes that QEMU reads through a node. */
export async function contentOf(node: BlockNode, folder: string): Promise<string> {
  const target = join(folder, `content-${Math.random().toString(36).slice(2)}`);
  await qemuImg('convert', '-O', 'raw', `json:${JSON.stringify(node)}`, target);
  const digest = await digestOf(target);
  await rm(target);
  return digest;
}

export async function digestOf(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** What must not change about a file that is only read. */
export async function fingerprint(path: string): Promise<string> {
  const { mtimeNs, ctimeNs, size } = await stat(path, { bigint: true });
  return `${await digestOf(path)} ${mtimeNs} ${ctimeNs} ${size}`;
}

/** The nodes of a graph, the outermost first. */
export function nodesOf(node: BlockNode): BlockNode[] {
  const below = Object.values(node).filter((value): value is BlockNode => typeof value === 'object' && value !== null);
  return [node, ...below.flatMap(nodesOf)];
}
