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
    const at = paths.length * NUMBERS_PER_ENTRY;
    numbers[at] = fileSystem;
    numbers[at + 1] = node.id;
    numbers[at + 2] = TYPES.indexOf(node.type);
    numbers[at + 3] = node.mode;
    numbers[at + 4] = node.uid;
    numbers[at + 5] = node.gid;
    numbers[at + 6] = node.type === 'file' ? node.size : 0;
    numbers[at + 7] = node.allocated;
    numbers[at + 8] = node.mtime;
    numbers[at + 9] = node.mtimeNanoseconds;
    numbers[at + 10] = node.links;
    numbers[at + 11] = node.device?.major ?? 0;
    numbers[at + 12] = node.device?.minor ?? 0;
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

/** The entries of a batch. Each has one of three shapes, written out: millions of them are kept. */
export function* entriesOfBatch({ paths, targets, numbers }: EntryBatch): Generator<Entry> {
  let nextTarget = 0;
  for (let index = 0; index < paths.length; index += 1) {
    const at = index * NUMBERS_PER_ENTRY;
    const number = (column: number): number => smallest(numbers[at + column]!);
    const type = TYPES[number(2)]!;
    const path = paths[index]!;
    const mode = number(3);
    const uid = number(4);
    const gid = number(5);
    const size = number(6);
    const allocated = number(7);
    const mtime = number(8);
    const mtimeNanoseconds = number(9);
    const links = number(10);
    const fileId = `${number(0)}:${number(1)}`;
    if (type === 'symlink') {
      const target = targets[nextTarget++]!;
      yield { path, type, mode, uid, gid, size, allocated, mtime, mtimeNanoseconds, links, fileId, target };
    } else if (type === 'character' || type === 'block') {
      const device = { major: number(11), minor: number(12) };
      yield { path, type, mode, uid, gid, size, allocated, mtime, mtimeNanoseconds, links, fileId, device };
    } else yield { path, type, mode, uid, gid, size, allocated, mtime, mtimeNanoseconds, links, fileId };
  }
}

/** V8 keeps what comes from such an array in 16 bytes of its own, and a small integer in the object itself. */
function smallest(value: number): number {
  const integer = value | 0;
  return integer === value ? integer : value;
}

/** What {@link entriesOfBatch} put into `fileId`. */
export function keyOf(entry: Entry): FileKey {
  const [fileSystem, id] = entry.fileId.split(':');
  return { fileSystem: Number(fileSystem), id: Number(id) };
}
