import type { Entry, EntryType } from '../../model/entry.js';
import { type EntryBatch, type FileKey, NUMBERS_PER_ENTRY } from './protocol.js';
import type { MachineEntry } from './read-machine.js';

const TYPES: readonly EntryType[] = ['file', 'directory', 'symlink', 'character', 'block', 'fifo', 'socket'];
const BATCH = 4096;

/** Groups entries into batches of columns. */
export function* entryBatches(entries: Iterable<MachineEntry>): Generator<EntryBatch> {
  let paths: string[] = [];
  let targets: string[] = [];
  let numbers = new Float64Array(BATCH * NUMBERS_PER_ENTRY);
  for (const { path, node, target, fileSystem } of entries) {
    numbers.set(
      [
        fileSystem,
        node.id,
        TYPES.indexOf(node.type),
        node.mode,
        node.uid,
        node.gid,
        node.type === 'file' ? node.size : 0,
        node.allocated,
        node.mtime,
        node.mtimeNanoseconds,
        node.links,
        node.device?.major ?? 0,
        node.device?.minor ?? 0,
      ],
      paths.length * NUMBERS_PER_ENTRY,
    );
    if (target !== undefined) targets.push(target);
    paths.push(path);
    if (paths.length < BATCH) continue;
    yield { paths, targets, numbers };
    paths = [];
    targets = [];
    numbers = new Float64Array(BATCH * NUMBERS_PER_ENTRY);
  }
  yield { paths, targets, numbers };
}

/** The entries of a batch. */
export function* entriesOfBatch({ paths, targets, numbers }: EntryBatch): Generator<Entry> {
  let nextTarget = 0;
  for (const [index, path] of paths.entries()) {
    const at = index * NUMBERS_PER_ENTRY;
    const type = TYPES[numbers[at + 2]!]!;
    const isDevice = type === 'character' || type === 'block';
    yield {
      path,
      type,
      mode: numbers[at + 3]!,
      uid: numbers[at + 4]!,
      gid: numbers[at + 5]!,
      size: numbers[at + 6]!,
      allocated: numbers[at + 7]!,
      mtime: numbers[at + 8]!,
      mtimeNanoseconds: numbers[at + 9]!,
      links: numbers[at + 10]!,
      fileId: `${numbers[at]}:${numbers[at + 1]}`,
      ...(type === 'symlink' && { target: targets[nextTarget++]! }),
      ...(isDevice && { device: { major: numbers[at + 11]!, minor: numbers[at + 12]! } }),
    };
  }
}

/** What {@link entriesOfBatch} put into `fileId`. */
export function keyOf(entry: Entry): FileKey {
  const [fileSystem, id] = entry.fileId.split(':');
  return { fileSystem: Number(fileSystem), id: Number(id) };
}
