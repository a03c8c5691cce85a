import { readdir } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import type { ByteSource } from './byte-source.js';
import { notADisk } from './failures.js';
import { tarMembers } from './tar-index.js';
import { streamOf, unpackFailure } from './unpack.js';

/** What an archive turned out to hold. */
export type ArchiveContent = 'root' | 'ova' | 'else';

const MAX_MEMBERS = 2_000_000;
const MAX_UNPACKED = 64 * 1024 ** 3;

/** Whether these names at the top of a tree make it the root of a system. */
export function isRootOf(names: ReadonlySet<string>): boolean {
  return names.has('etc') && (names.has('usr') || names.has('bin'));
}

/** Refuses a folder that is not the root of a system, and says what in it could be meant. */
export async function requireRootFolder(realPath: string, shown: string): Promise<void> {
  const names = (await readdir(realPath)).sort();
  if (isRootOf(new Set(names))) return;
  const candidates = names.filter(
    (name) =>
      /\.(?:vmx|ovf|ova|vmdk|qcow2|vhdx|vdi|vhd|img|raw)$/i.test(name) &&
      !/-(?:flat|delta|sesparse|s\d{3})\.vmdk$/i.test(name),
  );
  const hint =
    candidates.length > 0
      ? `Name a disk or descriptor in it: ${candidates.slice(0, 5).join(', ')}.`
      : 'Name a disk image or a descriptor.';
  throw notADisk(shown, 'is a folder, and not the root of a system (there is no etc beside usr or bin in it)', hint);
}

/** Looks through an uncompressed archive until it is clear what it holds. */
export async function contentOfTar(source: ByteSource, shown: string): Promise<ArchiveContent> {
  const top = new Set<string>();
  let members = 0;
  for await (const member of tarMembers(source, shown)) {
    if (isOvfName(member.name)) return 'ova';
    top.add(member.name.split('/', 1)[0]!);
    if (isRootOf(top)) return 'root';
    members += 1;
    if (members > MAX_MEMBERS) break;
  }
  return 'else';
}

/** As {@link contentOfTar}, for an archive packed with gzip: everything up to the answer must be unpacked. */
export async function contentOfGzippedTar(
  source: ByteSource,
  shown: string,
  signal?: AbortSignal,
): Promise<ArchiveContent> {
  const parser = extract();
  const top = new Set<string>();
  const compressed = streamOf(source);
  const gunzip = createGunzip();
  let unpacked = 0;
  gunzip.on('data', (chunk: Buffer) => {
    unpacked += chunk.length;
  });
  compressed.on('error', (error) => gunzip.destroy(error));
  gunzip.on('error', (error) => parser.destroy(error));
  compressed.pipe(gunzip).pipe(parser);
  try {
    for await (const entry of parser) {
      signal?.throwIfAborted();
      const name = entry.header.name.replace(/^(?:\.\/)+/, '');
      entry.resume();
      if (isOvfName(name)) return 'ova';
      top.add(name.split('/', 1)[0]!);
      if (isRootOf(top)) return 'root';
      if (unpacked > MAX_UNPACKED) break;
    }
    return 'else';
  } catch (cause) {
    if ((cause as Error).message?.startsWith('Invalid tar header')) return 'else';
    throw unpackFailure(cause, shown);
  } finally {
    compressed.destroy();
    gunzip.destroy();
    parser.destroy();
  }
}

export function isOvfName(name: string): boolean {
  return /^[^/]+\.ovf$/i.test(name);
}
