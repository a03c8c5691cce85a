import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTar } from '../guest/tar/read-tar.js';

const BLOCK = 512;
const END = Buffer.alloc(2 * BLOCK);

interface Member {
  readonly path: string;
  readonly isFile: boolean;
  /** Where its headers begin and its content ends, in bytes of the archive. */
  readonly start: number;
  readonly end: number;
}

/**
 * Takes regular files out of a root that is an uncompressed archive, byte for byte the same otherwise. A file that has
 * other names in the archive stays.
 * @param paths Absolute.
 * @param signal Leaves the archive as it was.
 * @throws AppError as `readTar`.
 */
export async function leaveOut(file: string, paths: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  const { members, linked } = await listMembers(file);
  // What the archive says of all members stands before the first of them.
  const kept = members.filter(
    ({ path, isFile }, number) => number === 0 || !isFile || linked.has(path) || !paths.has(path),
  );
  const partial = `${file}.part`;
  try {
    await pipeline(Readable.from(rangesOf(file, kept)), createWriteStream(partial), { signal });
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

async function listMembers(file: string): Promise<{ members: Member[]; linked: Set<string> }> {
  const members: Member[] = [];
  const linked = new Set<string>();
  let start = 0;
  for await (const { name, linkName, type, position, storedSize } of readTar(createReadStream(file))) {
    const end = position + Math.ceil(storedSize / BLOCK) * BLOCK;
    members.push({ path: absolute(name), isFile: type === 'file', start, end });
    if (type === 'hardlink') linked.add(absolute(linkName));
    start = end;
  }
  return { members, linked };
}

async function* rangesOf(file: string, members: readonly Member[]): AsyncGenerator<Buffer> {
  for (let number = 0; number < members.length; ) {
    const { start } = members[number]!;
    let { end } = members[number]!;
    for (number += 1; members[number]?.start === end; number += 1) end = members[number]!.end;
    yield* createReadStream(file, { start, end: end - 1, highWaterMark: 1024 * 1024 });
  }
  yield END;
}

function absolute(name: string): string {
  return `/${name.replace(/^(?:\.?\/)+/, '')}`;
}
