import type { RandomAccess } from '../../../../model/random-access.js';
import { DatabaseError, type HeaderRecord, type Report } from './record.js';

/**
 * NDB, SUSE's form (lib/backend/ndb/rpmpkg.c of rpm), all little-endian. Pages of slots at the front say which blob of
 * 16-byte blocks holds which header.
 */

const PAGE_SIZE = 4096;
const SLOT_SIZE = 16;
const BLOCK_SIZE = 16;
const BLOB_HEAD = 16;
const BLOB_TAIL = 12;
const MAX_SLOT_PAGES = 2048;
const MAGIC_HEADER = word('RpmP');
const MAGIC_SLOT = word('Slot');
const MAGIC_BLOB = word('BlbS');
const MAGIC_BLOB_END = word('BlbE');

export function isNdb(start: Buffer): boolean {
  return start.length >= 32 && start.readUInt32LE(0) === MAGIC_HEADER;
}

/** @throws DatabaseError */
export function* readNdb(content: RandomAccess, report: Report): Generator<HeaderRecord> {
  const header = content.read(0, 2 * SLOT_SIZE);
  const version = header.readUInt32LE(4);
  const slotPages = header.readUInt32LE(12);
  if (version !== 0) throw new DatabaseError(`The database has the unknown version ${version}.`);
  if (slotPages < 1 || slotPages > MAX_SLOT_PAGES) throw new DatabaseError(`It claims ${slotPages} pages of slots.`);
  const slots = content.read(0, slotPages * PAGE_SIZE);
  if (slots.length < slotPages * PAGE_SIZE) report('slots', 'The file ends within its pages of slots.');
  const seen = new Set<number>();
  let budget = content.size;
  // The header of the file takes the room of the first two slots.
  for (let at = 2 * SLOT_SIZE; at + SLOT_SIZE <= slots.length; at += SLOT_SIZE) {
    const number = slots.readUInt32LE(at + 4);
    const block = slots.readUInt32LE(at + 8);
    const blocks = slots.readUInt32LE(at + 12);
    if (slots.readUInt32LE(at) !== MAGIC_SLOT) {
      report(`slot ${at / SLOT_SIZE}`, 'The slot does not begin like one.');
      continue;
    }
    if (block === 0) continue;
    if (seen.has(number)) {
      report(`header ${number}`, 'Two slots hold this number.');
      continue;
    }
    seen.add(number);
    budget -= blocks * BLOCK_SIZE;
    const blob = budget < 0 ? 'Its blob overlaps others.' : readBlob(content, number, block, blocks);
    if (typeof blob === 'string') report(`header ${number}`, blob);
    else yield { number, blob };
  }
}

/** The content of a blob, or what is wrong with it. */
function readBlob(content: RandomAccess, number: number, block: number, blocks: number): Buffer | string {
  const size = blocks * BLOCK_SIZE;
  if (size < BLOB_HEAD + BLOB_TAIL) return 'Its blob has no room for anything.';
  if (block * BLOCK_SIZE + size > content.size) return 'Its blob lies beyond the end of the file.';
  const blob = content.read(block * BLOCK_SIZE, size);
  const length = blob.readUInt32LE(12);
  const tail = size - BLOB_TAIL;
  if (blob.readUInt32LE(0) !== MAGIC_BLOB || blob.readUInt32LE(4) !== number) {
    return 'Its blob does not begin like one.';
  }
  if (BLOB_HEAD + length > tail) return `Its blob claims ${length} bytes.`;
  if (blob.readUInt32LE(size - 4) !== MAGIC_BLOB_END || blob.readUInt32LE(tail + 4) !== length) {
    return 'Its blob does not end like one.';
  }
  if (adler32(blob, tail) !== blob.readUInt32LE(tail)) return 'The checksum of its blob is wrong.';
  return blob.subarray(BLOB_HEAD, BLOB_HEAD + length);
}

/** Adler-32 (RFC 1950, section 8.2), reduced as late as 32 bits allow. */
function adler32(content: Buffer, to: number): number {
  let first = 1;
  let second = 0;
  for (let at = 0; at < to; ) {
    const stop = Math.min(to, at + 5552);
    for (; at < stop; at += 1) {
      first += content[at]!;
      second += first;
    }
    first %= 65521;
    second %= 65521;
  }
  return second * 65536 + first;
}

function word(text: string): number {
  return Buffer.from(text, 'latin1').readUInt32LE(0);
}
