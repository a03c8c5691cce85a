import { damaged, unsupported } from '../../../disk/views/faults.js';

/** A name in a folder, and where in the folder's bytes its short entry is. */
export interface FatName {
  readonly name: Buffer;
  readonly at: number;
}

export const ENTRY = 32;
export const ATTRIBUTE = { readOnly: 0x01, volume: 0x08, directory: 0x10, longName: 0x0f } as const;

const DELETED = 0xe5;
const LOWER_BASE = 0x08;
const LOWER_EXTENSION = 0x10;
const LAST_LONG = 0x40;
const MAX_LONG = 20;
const UNITS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;

/** Names without the dots and the label. A long name counts where its checksum is that of the short one after it. */
export function readNames(bytes: Buffer): FatName[] {
  const names: FatName[] = [];
  let long: LongName | undefined;
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
    const entry = bytes.subarray(at, at + ENTRY);
    if (isFree(entry)) {
      long = undefined;
    } else if ((entry[11]! & 0x3f) === ATTRIBUTE.longName) {
      long = addLongPart(long, entry);
    } else if ((entry[11]! & ATTRIBUTE.volume) !== 0 || isDots(entry)) {
      long = undefined;
    } else {
      const isWhole = long !== undefined && long.missing === 0 && long.checksum === checksumOf(entry);
      names.push({ name: isWhole ? longName(long!) : shortName(entry), at });
      long = undefined;
    }
  }
  return names;
}

/** Folders in a folder, dots included: what the kernel counts as links. */
export function countFolders(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at + ENTRY <= bytes.length; at += ENTRY) {
    const attributes = bytes[at + 11]!;
    const isName = !isFree(bytes.subarray(at, at + ENTRY)) && (attributes & ATTRIBUTE.volume) === 0;
    if (isName && (attributes & ATTRIBUTE.directory) !== 0) count += 1;
  }
  return count;
}

interface LongName {
  readonly checksum: number;
  /** Parts that are still to come: the last one comes first. */
  readonly missing: number;
  readonly units: readonly number[];
}

function addLongPart(before: LongName | undefined, entry: Buffer): LongName | undefined {
  const number = entry[0]! & ~LAST_LONG;
  const checksum = entry[13]!;
  const isFirst = (entry[0]! & LAST_LONG) !== 0;
  if (isFirst ? number < 1 || number > MAX_LONG : before?.missing !== number || before.checksum !== checksum)
    return undefined;
  const units = UNITS.map((at) => entry.readUInt16LE(at));
  return { checksum, missing: number - 1, units: isFirst ? units : [...units, ...before!.units] };
}

function longName({ units }: LongName): Buffer {
  const end = units.indexOf(0);
  const text = String.fromCharCode(...(end === -1 ? units : units.slice(0, end)));
  // What is no Unicode would lose its bytes.
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text))
    throw damaged('a FAT name that is not UTF-16');
  return Buffer.from(text, 'utf8');
}

/** Eight and three characters; two flags say which part is meant in lower case, as Windows NT writes them. */
function shortName(entry: Buffer): Buffer {
  for (let at = 0; at < 11; at += 1) {
    if (entry[at]! >= 0x80 || entry[at]! < 0x20) throw unsupported('a short FAT name beyond ASCII');
  }
  const part = (from: number, to: number, lower: number): string => {
    const text = entry.toString('latin1', from, to).replace(/ {1,8}$/, '');
    return (entry[12]! & lower) === 0 ? text : text.toLowerCase();
  };
  const extension = part(8, 11, LOWER_EXTENSION);
  return Buffer.from(`${part(0, 8, LOWER_BASE)}${extension === '' ? '' : `.${extension}`}`, 'latin1');
}

function checksumOf(entry: Buffer): number {
  let sum = 0;
  for (let at = 0; at < 11; at += 1) sum = ((((sum & 1) << 7) | (sum >> 1)) + entry[at]!) & 0xff;
  return sum;
}

function isFree(entry: Buffer): boolean {
  return entry[0] === 0 || entry[0] === DELETED;
}

function isDots(entry: Buffer): boolean {
  const name = entry.toString('latin1', 0, 11);
  return name === '.          ' || name === '..         ';
}
