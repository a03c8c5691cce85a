import { decodePath } from '../../model/path.js';
import { damaged, exact, unsupported } from './faults.js';
import { formatUuid } from './uuid.js';
import { type BlockView, readUpTo } from './view.js';

/** What a member of an md array says of the array and of its own part in it. Offsets and sizes are bytes. */
export interface RaidMember {
  readonly view: BlockView;
  readonly arrayUuid: string;
  /** As `mdadm --detail --export` tells it: `HOST:NAME`, `NAME`; of version 0.90 none. */
  readonly name?: string;
  /** Of version 0.90: the number in `/dev/mdN`. */
  readonly minor?: number;
  readonly level: number;
  readonly raidDisks: number;
  /** Its place among the disks; undefined for a spare or a failed one. */
  readonly role?: number;
  /** Whether the array has a disk in the given place, as far as this member knows. */
  readonly activeRoles: ReadonlySet<number>;
  readonly events: bigint;
  /** Of RAID1: all disks hold the same, nothing was being written. */
  readonly isClean: boolean;
  readonly dataOffset: number;
  readonly dataSize: number;
  /** Of RAID1: how much of each disk the array uses. */
  readonly componentSize: number;
  /** Of linear: each disk counts in whole chunks. */
  readonly chunkSize: number;
}

export const RAID_LEVEL = { linear: -1, mirror: 1 } as const;
const MAGIC = 0xa92b4efc;
const SECTOR = 512;
const OLD_BYTES = 4096;
const OLD_RESERVED = 65536;
const NEW_HEAD = 256;
/** Roles of spare and failed disks start here. */
const NO_ROLE = 0xfffd;
/** The superblock is at most a page, and so are its roles. */
const MAX_ROLES = (4096 - NEW_HEAD) / 2;
/** Bits of the feature map that leave data where it is: bitmaps, lists of bad blocks that are empty. */
const HARMLESS = 0x1 | 0x8;

/**
 * The superblock of an md member in a view, of any version; undefined when there is none.
 * Formats: md(4); drivers/md/md.c and include/uapi/linux/raid/md_p.h of Linux.
 * @throws Declined when its checksum is wrong, or when data is on the move (a reshape, a recovery).
 */
export function readRaidMember(view: BlockView): RaidMember | undefined {
  const sectors = Math.floor(view.size / SECTOR);
  for (const at of [0, 4096, Math.floor((sectors - 16) / 8) * 8 * SECTOR]) {
    if (at < 0) continue;
    const head = readUpTo(view, at, NEW_HEAD);
    if (head.length < NEW_HEAD || head.readUInt32LE(0) !== MAGIC || head.readUInt32LE(4) !== 1) continue;
    if (head.readBigUInt64LE(144) === BigInt(at / SECTOR)) return readNew(view, at);
  }
  const at = (Math.floor(view.size / OLD_RESERVED) - 1) * OLD_RESERVED;
  const old = at < 0 ? Buffer.alloc(0) : readUpTo(view, at, OLD_BYTES);
  if (old.length < OLD_BYTES || old.readUInt32LE(0) !== MAGIC || old.readUInt32LE(4) !== 0) return undefined;
  return readOld(view, at, old);
}

/** Versions 1.0 (at the end), 1.1 (at the start) and 1.2 (at 4 KiB). */
function readNew(view: BlockView, at: number): RaidMember {
  const roles = readUpTo(view, at + 220, 4).readUInt32LE(0);
  if (roles > MAX_ROLES) throw damaged('md superblock: number of devices');
  const raw = readUpTo(view, at, NEW_HEAD + roles * 2);
  if (raw.length < NEW_HEAD + roles * 2 || !isSummed(raw, 216)) throw damaged('md superblock: checksum');
  const features = raw.readUInt32LE(8);
  if ((features & ~HARMLESS) !== 0) throw unsupported(`RAID (md) with features 0x${features.toString(16)}`);
  refuseBadBlocks(view, at, raw);
  const number = raw.readUInt32LE(160);
  const roleOf = (index: number): number | undefined => {
    const role = index < roles ? raw.readUInt16LE(NEW_HEAD + index * 2) : NO_ROLE;
    return role < NO_ROLE ? role : undefined;
  };
  const role = roleOf(number);
  const end = raw.indexOf(0, 32);
  return {
    view,
    arrayUuid: formatUuid(raw.subarray(16, 32)) ?? '',
    name: decodePath(raw.subarray(32, end >= 32 && end < 64 ? end : 64)),
    level: raw.readInt32LE(72),
    raidDisks: raw.readUInt32LE(92),
    ...(role !== undefined && { role }),
    activeRoles: new Set(
      Array.from({ length: roles }, (_, index) => roleOf(index)).filter((each) => each !== undefined),
    ),
    events: raw.readBigUInt64LE(200),
    isClean: raw.readBigUInt64LE(208) === 2n ** 64n - 1n,
    dataOffset: exact(raw.readBigUInt64LE(128), 'md data offset') * SECTOR,
    dataSize: exact(raw.readBigUInt64LE(136), 'md data size') * SECTOR,
    componentSize: exact(raw.readBigUInt64LE(80), 'md component size') * SECTOR,
    chunkSize: raw.readUInt32LE(88) * SECTOR,
  };
}

/** A mirror reads elsewhere what this disk lost; such a list is empty on nearly all machines. */
function refuseBadBlocks(view: BlockView, at: number, raw: Buffer): void {
  const length = raw.readUInt16LE(186) * SECTOR;
  const offset = at + raw.readInt32LE(188) * SECTOR;
  if ((raw.readUInt32LE(8) & 0x8) === 0 || length === 0) return;
  const list = readUpTo(view, Math.max(0, offset), length);
  for (let entry = 0; entry + 8 <= list.length; entry += 8) {
    if (list.readBigUInt64LE(entry) !== 2n ** 64n - 1n) throw unsupported('RAID (md) with a list of bad blocks');
  }
}

/** Version 0.90: words of the machine that wrote it, at a multiple of 64 KiB before the end. */
function readOld(view: BlockView, at: number, raw: Buffer): RaidMember {
  const word = (index: number): number => raw.readUInt32LE(index * 4);
  if (word(2) < 90 || word(2) > 91 || !isSummed(raw, 38 * 4)) throw damaged('md superblock: checksum');
  if (word(2) === 91) throw unsupported('RAID (md) that is being reshaped');
  const roleAt = (start: number): number | undefined => {
    const state = word(start + 4);
    const isActive = (state & 0x2) !== 0 && (state & 0x4) !== 0 && (state & 0x9) === 0;
    return isActive && word(start + 3) < word(10) ? word(start + 3) : undefined;
  };
  const disks = Array.from({ length: 27 }, (_, index) => 128 + index * 32);
  const number = word(992);
  const role = number < disks.length ? roleAt(128 + number * 32) : undefined;
  return {
    view,
    arrayUuid: formatUuid(Buffer.concat([raw.subarray(20, 24), raw.subarray(52, 64)])) ?? '',
    minor: word(11),
    level: raw.readInt32LE(28),
    raidDisks: word(10),
    ...(role !== undefined && { role }),
    activeRoles: new Set(disks.map(roleAt).filter((each) => each !== undefined)),
    events: raw.readBigUInt64LE(39 * 4),
    isClean: (word(33) & 1) !== 0,
    dataOffset: 0,
    dataSize: at,
    componentSize: word(8) * 1024,
    chunkSize: word(65),
  };
}

/** The sum of all words, the one at `at` taken as zero; carries are added once. */
function isSummed(raw: Buffer, at: number): boolean {
  let sum = -raw.readUInt32LE(at);
  for (let offset = 0; offset + 4 <= raw.length; offset += 4) sum += raw.readUInt32LE(offset);
  if (raw.length % 4 === 2) sum += raw.readUInt16LE(raw.length - 2);
  return ((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32 === raw.readUInt32LE(at);
}
