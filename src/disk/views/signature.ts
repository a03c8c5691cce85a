import { decodePath } from '../../model/path.js';
import { formatUuid } from './uuid.js';
import { type BlockView, readUpTo } from './view.js';

/** What a block device holds, in the words of blkid(8). */
export interface Signature {
  readonly type: string;
  readonly uuid?: string;
  readonly label?: string;
}

interface Magic {
  readonly type: string;
  readonly offset: number;
  readonly bytes: string;
}

/** Containers of other block devices first: what is inside of them may show through. */
const MAGICS: readonly Magic[] = [
  { type: 'crypto_LUKS', offset: 0, bytes: 'LUKS\xba\xbe' },
  { type: 'linux_raid_member', offset: 0, bytes: '\xfc\x4e\x2b\xa9' },
  { type: 'linux_raid_member', offset: 4096, bytes: '\xfc\x4e\x2b\xa9' },
  { type: 'BitLocker', offset: 3, bytes: '-FVE-FS-' },
  { type: 'bcache', offset: 4096 + 24, bytes: '\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81' },
  { type: 'bcachefs', offset: 4096 + 24, bytes: '\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef' },
  { type: 'xfs', offset: 0, bytes: 'XFSB' },
  { type: 'btrfs', offset: 0x10040, bytes: '_BHRfS_M' },
  { type: 'ext4', offset: 0x438, bytes: '\x53\xef' },
  { type: 'swap', offset: 4086, bytes: 'SWAPSPACE2' },
  { type: 'swap', offset: 65536 - 10, bytes: 'SWAPSPACE2' },
  { type: 'squashfs', offset: 0, bytes: 'hsqs' },
  { type: 'erofs', offset: 1024, bytes: '\xe2\xe1\xf5\xe0' },
  { type: 'f2fs', offset: 1024, bytes: '\x10\x20\xf5\xf2' },
  { type: 'jfs', offset: 0x8000, bytes: 'JFS1' },
  { type: 'reiserfs', offset: 0x10034, bytes: 'ReIsEr' },
  { type: 'nilfs2', offset: 1024 + 6, bytes: '\x34\x34' },
  { type: 'ntfs', offset: 3, bytes: 'NTFS    ' },
  { type: 'exfat', offset: 3, bytes: 'EXFAT   ' },
  { type: 'vfat', offset: 82, bytes: 'FAT32   ' },
  { type: 'vfat', offset: 54, bytes: 'FAT16   ' },
  { type: 'vfat', offset: 54, bytes: 'FAT12   ' },
  { type: 'iso9660', offset: 0x8001, bytes: 'CD001' },
  { type: 'ufs', offset: 65536 + 1372, bytes: '\x19\x01\x54\x19' },
  { type: 'ufs', offset: 8192 + 1372, bytes: '\x54\x19\x01\x00' },
  { type: 'VMFS_volume_member', offset: 0x100000, bytes: '\x0d\xd0\x01\xc0' },
];
const ZFS_UBERBLOCKS = 128 * 1024;
const ZFS_MAGIC = 0x00bab10c;
const HEAD = 72 * 1024;

/** `unknown` when nothing known is there. */
export function readSignature(view: BlockView): Signature {
  const head = readUpTo(view, 0, HEAD);
  const found = MAGICS.find(({ offset, bytes }) =>
    offset + bytes.length <= head.length
      ? head.toString('latin1', offset, offset + bytes.length) === bytes
      : readUpTo(view, offset, bytes.length).toString('latin1') === bytes,
  );
  if (found === undefined)
    return { type: hasZfsLabel(view) ? 'zfs_member' : hasRaidTail(view) ? 'linux_raid_member' : 'unknown' };
  // md 0.90 and 1.0 keep their super block at the end, so that a member looks like what it holds.
  if (found.type !== 'crypto_LUKS' && hasRaidTail(view)) return { type: 'linux_raid_member' };
  return { type: found.type, ...identityOf(found.type, head) };
}

function identityOf(type: string, head: Buffer): Omit<Signature, 'type'> & { type?: string } {
  const from = (uuidAt: number, labelAt: number, labelLength: number): Omit<Signature, 'type'> => {
    const uuid = formatUuid(head.subarray(uuidAt, uuidAt + 16));
    const label = labelText(head.subarray(labelAt, labelAt + labelLength));
    return { ...(uuid && { uuid }), ...(label && { label }) };
  };
  switch (type) {
    case 'ext4':
      return { ...from(0x468, 0x478, 16), type: extGeneration(head) };
    case 'xfs':
      return from(32, 108, 12);
    case 'btrfs':
      return from(0x10020, 0x1012b, 256);
    case 'swap':
      return from(1024 + 12, 1024 + 28, 16);
    case 'crypto_LUKS': {
      const uuid = labelText(head.subarray(168, 208));
      return uuid === undefined ? {} : { uuid };
    }
    case 'vfat':
      return fatIdentity(head);
    default:
      return {};
  }
}

/** As libblkid tells them apart: by the journal, then by features that ext3 does not know. */
function extGeneration(head: Buffer): string {
  const compatible = head.readUInt32LE(0x45c);
  const incompatible = head.readUInt32LE(0x460);
  const readOnly = head.readUInt32LE(0x464);
  if ((incompatible & 8) !== 0) return 'jbd';
  const isBeyondExt3 = (readOnly & ~0x7) !== 0 || (incompatible & ~0x16) !== 0;
  if (isBeyondExt3) return 'ext4';
  return (compatible & 4) !== 0 ? 'ext3' : 'ext2';
}

function fatIdentity(head: Buffer): Omit<Signature, 'type'> {
  const isFat32 = head.toString('latin1', 82, 90) === 'FAT32   ';
  const serial = head
    .readUInt32LE(isFat32 ? 67 : 39)
    .toString(16)
    .toUpperCase()
    .padStart(8, '0');
  const label = head.toString('latin1', isFat32 ? 71 : 43, isFat32 ? 82 : 54).trimEnd();
  return {
    uuid: `${serial.slice(0, 4)}-${serial.slice(4)}`,
    ...(label !== '' && label !== 'NO NAME' && { label }),
  };
}

function labelText(bytes: Buffer): string | undefined {
  const end = bytes.indexOf(0);
  const text = decodePath(end === -1 ? bytes : bytes.subarray(0, end));
  return text === '' ? undefined : text;
}

function hasZfsLabel(view: BlockView): boolean {
  const ring = readUpTo(view, ZFS_UBERBLOCKS, 128 * 1024);
  for (let at = 0; at + 8 <= ring.length; at += 1024) {
    if (ring.readUInt32LE(at) === ZFS_MAGIC || ring.readUInt32BE(at + 4) === ZFS_MAGIC) return true;
  }
  return false;
}

function hasRaidTail(view: BlockView): boolean {
  const isMember = (offset: number): boolean => {
    const magic = offset < 0 ? Buffer.alloc(0) : readUpTo(view, offset, 4);
    return magic.length === 4 && magic.readUInt32LE(0) === 0xa92b4efc;
  };
  const sectors = Math.floor(view.size / 512);
  const version10 = Math.floor((sectors - 16) / 8) * 8 * 512;
  const version090 = (Math.floor(view.size / 65536) - 1) * 65536;
  return isMember(version10) || isMember(version090);
}
