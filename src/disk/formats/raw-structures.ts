import { type ByteSource, safeNumber } from '../byte-source.js';

/** Something on a raw disk that says where it ends. `end` is in bytes from the start of the disk, null when impossible. */
export interface Structure {
  readonly name: string;
  readonly end: number | null;
}

/** The partition tables and file systems that stand at the front of a raw disk. */
export async function findStructures(source: ByteSource): Promise<Structure[]> {
  const front = Buffer.alloc(128 * 1024);
  (await source.read(0, front.length)).copy(front);
  const whole = FILE_SYSTEMS.map((recognise) => recognise(front)).filter((found) => found !== null);
  // A superblock may be left over from before the disk was partitioned, so both count.
  return [...whole, ...(findGpt(front) ?? findMbr(front))];
}

/** UEFI 2.10, section 5.3. The header names its own copy, which stands in the last sector of the disk. */
function findGpt(front: Buffer): Structure[] | null {
  for (const sector of [512, 4096]) {
    if (front.toString('latin1', sector, sector + 8) !== 'EFI PART') continue;
    return [
      {
        name: 'GPT partition table (its copy at the end)',
        end: times(front.readBigUInt64LE(sector + 32) + 1n, sector),
      },
    ];
  }
  return null;
}

/** The four entries of a master boot record, if every one of them is plausible. */
function findMbr(front: Buffer): Structure[] {
  if (front.readUInt16LE(510) !== 0xaa55) return [];
  const volume = bootSector(front);
  if (volume !== null) return [volume];
  const found: Structure[] = [];
  for (let index = 0; index < 4; index += 1) {
    const position = 446 + index * 16;
    const status = front[position]!;
    const type = front[position + 4]!;
    const start = front.readUInt32LE(position + 8);
    const length = front.readUInt32LE(position + 12);
    if (status !== 0 && status !== 0x80) return [];
    // A protective entry (0xee) covers what it can; the GPT itself says more.
    if (type === 0 || length === 0 || type === 0xee) continue;
    found.push({ name: `partition ${index + 1}`, end: (start + length) * 512 });
  }
  return found;
}

/** FAT and NTFS begin with a boot sector that ends like a partition table. */
function bootSector(front: Buffer): Structure | null {
  const sector = front.readUInt16LE(11);
  if (sector < 512 || sector > 4096 || (sector & (sector - 1)) !== 0) return null;
  if (front.toString('latin1', 3, 11) === 'NTFS    ')
    return { name: 'NTFS', end: times(front.readBigUInt64LE(40), sector) };
  const isFat =
    /^FAT(?:12|16|32)? *$/.test(front.toString('latin1', 54, 62)) || front.toString('latin1', 82, 87) === 'FAT32';
  if (!isFat) return null;
  const sectors = front.readUInt16LE(19) || front.readUInt32LE(32);
  return { name: 'FAT file system', end: sectors * sector };
}

const FILE_SYSTEMS: readonly ((front: Buffer) => Structure | null)[] = [
  ext,
  xfs,
  btrfs,
  lvm,
  luks,
  swap,
  iso,
  md,
  others,
];

/** Linux, Documentation/filesystems/ext4/super.rst: the superblock stands at 1024. */
function ext(front: Buffer): Structure | null {
  if (front.readUInt16LE(1024 + 0x38) !== 0xef53) return null;
  const logSize = front.readUInt32LE(1024 + 0x18);
  if (logSize > 6) return { name: 'ext file system', end: null };
  const is64Bit = (front.readUInt32LE(1024 + 0x60) & 0x80) !== 0;
  const blocks =
    BigInt(front.readUInt32LE(1024 + 4)) + (is64Bit ? BigInt(front.readUInt32LE(1024 + 0x150)) << 32n : 0n);
  return { name: 'ext file system', end: times(blocks, 1024 << logSize) };
}

/** XFS Algorithms & Data Structures, superblock: magic, block size, data blocks. */
function xfs(front: Buffer): Structure | null {
  if (front.toString('latin1', 0, 4) !== 'XFSB') return null;
  const blockSize = front.readUInt32BE(4);
  return {
    name: 'XFS file system',
    end: blockSize < 512 || blockSize > 65536 ? null : times(front.readBigUInt64BE(8), blockSize),
  };
}

/** btrfs superblock at 64 KiB; its device item starts at 0xc9: device id, size of this device. */
function btrfs(front: Buffer): Structure | null {
  if (front.toString('latin1', 0x10040, 0x10048) !== '_BHRfS_M') return null;
  return { name: 'btrfs file system', end: safeNumber(front.readBigUInt64LE(0x10000 + 0xc9 + 8)) };
}

/** LVM2 label in one of the first four sectors; the header of the volume holds a UUID of 32 bytes and the size. */
function lvm(front: Buffer): Structure | null {
  for (let sector = 0; sector < 4; sector += 1) {
    const position = sector * 512;
    if (front.toString('latin1', position, position + 8) !== 'LABELONE') continue;
    const header = position + front.readUInt32LE(position + 20);
    if (header + 40 > front.length) return { name: 'LVM physical volume', end: null };
    return { name: 'LVM physical volume', end: safeNumber(front.readBigUInt64LE(header + 32)) };
  }
  return null;
}

function luks(front: Buffer): Structure | null {
  return front.toString('latin1', 0, 6) === 'LUKS\xba\xbe' ? { name: 'LUKS header', end: 512 } : null;
}

function swap(front: Buffer): Structure | null {
  if (front.toString('latin1', 4086, 4096) !== 'SWAPSPACE2') return null;
  return { name: 'swap space', end: (front.readUInt32LE(1028) + 1) * 4096 };
}

function iso(front: Buffer): Structure | null {
  if (front.toString('latin1', 0x8001, 0x8006) !== 'CD001') return null;
  return { name: 'ISO 9660 file system', end: front.readUInt32LE(0x8050) * 2048 };
}

/** Linux md, metadata 1.1 at the start or 1.2 at 4096; the size of the data is in sectors behind its offset. */
function md(front: Buffer): Structure | null {
  for (const position of [0, 4096]) {
    if (front.readUInt32LE(position) !== 0xa92b4efc || front.readUInt32LE(position + 4) !== 1) continue;
    return {
      name: 'RAID member',
      end: times(front.readBigUInt64LE(position + 128) + front.readBigUInt64LE(position + 136), 512),
    };
  }
  return null;
}

/** Recognised only, so that a data disk is not taken for rubbish: magic and where it stands. */
function others(front: Buffer): Structure | null {
  const magics: readonly [name: string, offset: number, magic: string][] = [
    ['squashfs', 0, 'hsqs'],
    ['F2FS', 1024, '\x10\x20\xf5\xf2'],
    ['JFS', 0x8000, 'JFS1'],
    ['ReiserFS', 0x10034, 'ReIsEr'],
    ['bcache', 4096 + 24, '\xc6\x85\x73\xf6\x4e\x1a\x45\xca'],
    ['bcachefs', 4096 + 24, '\xc6\x85\x73\xf6\x66\xce\x90\xa9'],
  ];
  const found = magics.find(([, offset, magic]) => front.toString('latin1', offset, offset + magic.length) === magic);
  return found === undefined ? null : { name: found[0], end: 512 };
}

function times(count: bigint, size: number): number | null {
  return safeNumber(count * BigInt(size));
}
