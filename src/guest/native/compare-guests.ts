import { createHash, type Hash } from 'node:crypto';
import type { Entry } from '../../model/entry.js';
import type { GuestFs } from '../../model/guest-fs.js';
import { displayPath } from '../../model/path.js';
import type { Guest } from '../guest.js';

/** A path that two readers do not show alike. */
export interface GuestDifference {
  readonly path: string;
  readonly field: string;
  readonly first: string;
  readonly second: string;
}

const FIELDS = [
  'type',
  'mode',
  'uid',
  'gid',
  'size',
  'allocated',
  'mtime',
  'mtimeNanoseconds',
  'links',
  'target',
] as const;
const ZEROS = Buffer.alloc(2 ** 20);
/** In larger files a digest of the holes might never end: blocks alone are hashed, with their numbers. */
const MAX_ZEROS = 2 ** 30;
const BLOCK = 4096;

/**
 * Every difference between what two readers show of one machine: metadata, links, attributes, content, file systems.
 * @param limit Differences after which it is pointless to go on.
 */
export async function compareGuests(first: Guest, second: Guest, limit = 1000): Promise<GuestDifference[]> {
  const differences: GuestDifference[] = [];
  const note = (path: string, field: string, a: unknown, b: unknown): void => {
    if (differences.length < limit)
      differences.push({ path: displayPath(path), field, first: show(a), second: show(b) });
  };
  compareEntries(first.fs, second.fs, note);
  const [before, after] = [JSON.stringify(first.filesystems), JSON.stringify(second.filesystems)];
  if (before !== after) note('/', 'filesystems', before, after);
  const [one, other] = [await readFacts(first.fs), await readFacts(second.fs)];
  for (const [path, facts] of one) {
    const others = other.get(path);
    if (others === undefined) continue;
    if (facts.attributes !== others.attributes) note(path, 'attributes', facts.attributes, others.attributes);
    if (facts.content !== others.content) note(path, 'content', facts.content, others.content);
  }
  return differences;
}

type Note = (path: string, field: string, first: unknown, second: unknown) => void;

function compareEntries(first: GuestFs, second: GuestFs, note: Note): void {
  const groups = new Map<string, string>();
  for (const entry of first.entries()) {
    const other = second.lstat(entry.path);
    if (other === undefined || other.path !== entry.path) {
      note(entry.path, 'exists', true, false);
      continue;
    }
    for (const field of FIELDS) if (entry[field] !== other[field]) note(entry.path, field, entry[field], other[field]);
    const [device, otherDevice] = [deviceText(entry), deviceText(other)];
    if (device !== otherDevice) note(entry.path, 'device', device, otherDevice);
    if (entry.type === 'directory') continue;
    const partner = groups.get(entry.fileId);
    if (partner !== undefined && partner !== other.fileId) note(entry.path, 'hard links', entry.fileId, other.fileId);
    groups.set(entry.fileId, other.fileId);
  }
  for (const { path } of second.entries()) {
    const other = first.lstat(path);
    if (other === undefined || other.path !== path) note(path, 'exists', false, true);
  }
}

interface Facts {
  readonly attributes: string;
  /** SHA-256 of the content; of other types ''. */
  readonly content: string;
}

async function readFacts(fs: GuestFs): Promise<Map<string, Facts>> {
  const facts = new Map<string, Facts>();
  const contents = new Map<string, string>();
  await fs.stream(async ({ entry, attributes, content }) => {
    if (content !== undefined) contents.set(entry.fileId, await digest(entry, content));
    const sorted = [...attributes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value.toString('hex')}`);
    const ofFile = entry.type === 'file' ? (contents.get(entry.fileId) ?? 'none') : '';
    facts.set(entry.path, { attributes: sorted.join(' '), content: ofFile });
  });
  return facts;
}

async function digest({ size }: Entry, content: AsyncIterable<{ offset: number; data: Buffer }>): Promise<string> {
  const hash = createHash('sha256');
  const sparse = size > MAX_ZEROS ? sparseHasher(hash) : undefined;
  let at = 0;
  for await (const { offset, data } of content) {
    if (sparse !== undefined) sparse.add(offset, data);
    else {
      hashZeros(hash, offset - at);
      hash.update(data);
    }
    at = offset + data.length;
  }
  if (sparse === undefined) hashZeros(hash, size - at);
  else sparse.end();
  return hash.digest('hex');
}

/** Readers cut runs differently and may show zeros as data: whole blocks are hashed, those of zeros passed over. */
function sparseHasher(hash: Hash): { add(offset: number, data: Buffer): void; end(): void } {
  const block = Buffer.alloc(BLOCK);
  let current = -1;
  const end = (): void => {
    if (current >= 0 && !block.equals(ZEROS.subarray(0, BLOCK))) hash.update(`${current}:`).update(block);
    block.fill(0);
    current = -1;
  };
  return {
    end,
    add(offset, data) {
      for (let done = 0; done < data.length; ) {
        const at = offset + done;
        const index = Math.floor(at / BLOCK);
        if (index !== current) end();
        current = index;
        done += data.copy(block, at % BLOCK, done, done + BLOCK - (at % BLOCK));
      }
    },
  };
}

function hashZeros(hash: Hash, count: number): void {
  for (let rest = count; rest > 0; rest -= ZEROS.length) hash.update(ZEROS.subarray(0, Math.min(rest, ZEROS.length)));
}

function deviceText({ device }: Entry): string {
  return device === undefined ? '' : `${device.major}:${device.minor}`;
}

function show(value: unknown): string {
  return displayPath(String(value)).slice(0, 500);
}
