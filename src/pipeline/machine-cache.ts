import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { gunzip, gzip } from 'node:zlib';
import xxhash from 'xxhash-wasm';
import type { MachineSource } from '../model/machine.js';
import { folderState } from './folder-state.js';
import type { ReadMachine } from './machine-reading.js';
import { ownFolder } from './own-folder.js';
import type { ReadRequest } from './request.js';

/**
 * What earlier runs read of disks that have not changed since. An entry is one file, named by all that decides what
 * reading gives; anything wrong with an entry or with the folder is a miss, never an error. Passwords that services
 * hold are in it, so the folder is the user's alone; of encrypted machines nothing is kept.
 */
export interface MachineCache {
  /** @returns undefined when the machine is to be read. */
  load(): Promise<ReadMachine | undefined>;
  /** Keeps what was read, unless the disks have changed meanwhile. */
  store(read: ReadMachine): Promise<void>;
}

/** The oldest entries go first. */
const MAX_BYTES = 1_000_000_000;
const MAX_ENTRY_BYTES = 200_000_000;
const MAX_UNPACKED_BYTES = 1_000_000_000;
const SUFFIX = '.machine';
/** Of an xxHash64: what the host's disk has spoilt is to be found, and nobody forges entries in the user's own folder. */
const CHECKSUM_BYTES = 8;

/** What a request says that does not change what is read. */
const IRRELEVANT = new Set(['machines', 'output', 'jobs', 'hash', 'plan', 'options', 'showSecrets', 'cache', 'keys']);

/** @returns null when the machine cannot be recognised again, or must not be kept. */
export async function machineCache(
  source: MachineSource,
  request: ReadRequest,
  code: string,
): Promise<MachineCache | null> {
  if (request.keys.length > 0) return null;
  // To know the content of a folder is to read it.
  if (source.root?.kind === 'folder' && request.check === true) return null;
  const identify = async (): Promise<string | null> => identity(source, request, code);
  const folder = await ownFolder();
  const before = folder === null ? null : await identify().catch(() => null);
  if (folder === null || before === null) return null;
  const path = join(folder, `${before}${SUFFIX}`);
  return {
    load: () => loadEntry(path, source).catch(() => undefined),
    async store(read) {
      try {
        if ((await identify()) !== before) return;
        await storeEntry(path, read);
        await trim(folder);
      } catch {
        // A full disk or a folder that went away costs the next run its time, nothing else.
      }
    },
  };
}

/** Name, size and time of every file of the program: another build may read otherwise. */
export async function codeIdentity(): Promise<string> {
  const root = new URL('../', import.meta.url).pathname;
  const hash = createHash('sha256').update(process.version);
  for (const name of (await readdir(root, { recursive: true })).sort()) {
    const { size, mtimeMs } = await stat(join(root, name));
    hash.update(`${name}\0${size}\0${mtimeMs}\0`);
  }
  return hash.digest('hex');
}

/** Everything that a machine is read from. */
function filesOf({ archive, root, disks }: MachineSource): string[] {
  if (archive !== undefined) return [archive];
  return root === undefined ? disks.flatMap(({ files }) => files) : [root.path];
}

/** What is known of the source beside its files; where an archive was unpacked to differs from run to run. */
function describe({ release: _, disks, ...source }: MachineSource): object {
  return source.archive === undefined ? { ...source, disks } : source;
}

async function identity(source: MachineSource, request: ReadRequest, code: string): Promise<string | null> {
  const hash = createHash('sha256').update(code);
  const asked = Object.entries(request).filter(([name]) => !IRRELEVANT.has(name));
  const plain = asked.map(([name, value]) => [name, value instanceof Set ? [...value].sort() : value]);
  hash.update(JSON.stringify([describe(source), plain.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))]));
  if (source.root?.kind === 'folder') {
    const state = await folderState(source.root.path);
    return state === null ? null : hash.update(state).digest('hex');
  }
  for (const file of filesOf(source)) {
    const { size, mtimeNs, ctimeNs, ino, dev } = await stat(file, { bigint: true });
    hash.update(JSON.stringify([file, ...[size, mtimeNs, ctimeNs, ino, dev].map(String)]));
    if (request.check === true) {
      for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
    }
  }
  return hash.digest('hex');
}

async function loadEntry(path: string, source: MachineSource): Promise<ReadMachine | undefined> {
  const { size } = await lstat(path);
  if (size > MAX_ENTRY_BYTES) return undefined;
  const bytes = await readFile(path);
  const body = bytes.subarray(CHECKSUM_BYTES);
  if (!(await checksum(body)).equals(bytes.subarray(0, CHECKSUM_BYTES))) return undefined;
  const read = deserialize(await promisify(gunzip)(body, { maxOutputLength: MAX_UNPACKED_BYTES })) as ReadMachine;
  const now = new Date();
  await utimes(path, now, now);
  return { ...read, machine: { ...read.machine, source } };
}

async function storeEntry(path: string, read: ReadMachine): Promise<void> {
  const plain = { ...read, machine: { ...read.machine, source: null } };
  const body = await promisify(gzip)(serialize(plain), { level: 1 });
  if (body.length > MAX_ENTRY_BYTES) return;
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await writeFile(partial, Buffer.concat([await checksum(body), body]), { mode: 0o600, flag: 'wx' });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function checksum(bytes: Buffer): Promise<Buffer> {
  const value = Buffer.alloc(CHECKSUM_BYTES);
  value.writeBigUInt64BE((await xxhash()).h64Raw(bytes));
  return value;
}

async function trim(folder: string): Promise<void> {
  const entries: { path: string; size: number; mtimeMs: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { size, mtimeMs } = await lstat(path);
    if (name.endsWith(SUFFIX)) entries.push({ path, size, mtimeMs });
  }
  entries.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let total = 0;
  for (const { path, size } of entries) {
    total += size;
    if (total > MAX_BYTES) await rm(path, { force: true });
  }
}
