/** Members of md arrays, as mdadm(8) makes them; md(4) and include/uapi/linux/raid/md_p.h of Linux tell the format. */

export interface RaidRecipe {
  readonly version: '0.90' | '1.0' | '1.1' | '1.2';
  readonly level: number;
  readonly disks: number;
  /** 32 hexadecimal digits. */
  readonly uuid: string;
  readonly name?: string;
  readonly minor?: number;
  /** Bytes of each disk. */
  readonly diskBytes: number;
  readonly events?: number;
  readonly isActive?: boolean;
  readonly features?: number;
  /** Places whose disks are known to have failed. */
  readonly failed?: readonly number[];
}

const MAGIC = 0xa92b4efc;
const SECTOR = 512;
const DATA_OFFSET = 1024 * 1024;

/** Where data starts on each disk, and how much of it there is. */
export function raidSpace({ version, diskBytes }: RaidRecipe): { offset: number; bytes: number } {
  const end = Math.floor((diskBytes / SECTOR - 16) / 8) * 8 * SECTOR;
  if (version === '0.90') return { offset: 0, bytes: (Math.floor(diskBytes / 65536) - 1) * 65536 };
  // Room for a bitmap and a list of bad blocks lies before the superblock at the end.
  if (version === '1.0') return { offset: 0, bytes: end - 65536 };
  return { offset: DATA_OFFSET, bytes: diskBytes - DATA_OFFSET };
}

/** The superblock of the disk in a place, and where on the disk it is. */
export function raidSuperBlock(recipe: RaidRecipe, role: number): { at: number; bytes: Buffer } {
  if (recipe.version === '0.90') return oldSuperBlock(recipe, role);
  const { version, diskBytes, name = 'host:array', failed = [] } = recipe;
  const space = raidSpace(recipe);
  const at = { '1.0': space.bytes + 65536, '1.1': 0, '1.2': 4096 }[version];
  const bytes = Buffer.alloc(256 + recipe.disks * 2);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(1, 4);
  bytes.writeUInt32LE(recipe.features ?? 0, 8);
  bytes.write(recipe.uuid, 16, 'hex');
  bytes.write(name, 32);
  bytes.writeBigUInt64LE(1_700_000_000n, 64);
  bytes.writeInt32LE(recipe.level, 72);
  bytes.writeBigUInt64LE(recipe.level === 1 ? BigInt(space.bytes / SECTOR) : 0n, 80);
  bytes.writeUInt32LE(recipe.disks, 92);
  bytes.writeBigUInt64LE(BigInt(space.offset / SECTOR), 128);
  bytes.writeBigUInt64LE(BigInt(space.bytes / SECTOR), 136);
  bytes.writeBigUInt64LE(BigInt(at / SECTOR), 144);
  bytes.writeUInt32LE(role, 160);
  bytes.write(recipe.uuid, 168, 'hex');
  bytes[168] = role;
  bytes.writeBigUInt64LE(1_700_000_000n, 192);
  bytes.writeBigUInt64LE(BigInt(recipe.events ?? 17), 200);
  bytes.writeBigUInt64LE(recipe.isActive === true ? 0n : 2n ** 64n - 1n, 208);
  bytes.writeUInt32LE(recipe.disks, 220);
  for (let disk = 0; disk < recipe.disks; disk += 1)
    bytes.writeUInt16LE(failed.includes(disk) ? 0xfffe : disk, 256 + disk * 2);
  bytes.writeUInt32LE(sumOfWords(bytes), 216);
  if (at + bytes.length > diskBytes) throw new Error('the disk is too small');
  return { at, bytes };
}

function oldSuperBlock(recipe: RaidRecipe, role: number): { at: number; bytes: Buffer } {
  const space = raidSpace(recipe);
  const bytes = Buffer.alloc(4096);
  const put = (word: number, value: number): void => {
    bytes.writeUInt32LE(value >>> 0, word * 4);
  };
  const failed = recipe.failed ?? [];
  put(0, MAGIC);
  put(2, 90);
  bytes.write(recipe.uuid.slice(0, 8), 20, 'hex');
  put(6, 1_700_000_000);
  put(7, recipe.level);
  put(8, recipe.level === 1 ? space.bytes / 1024 : 0);
  put(9, recipe.disks);
  put(10, recipe.disks);
  put(11, recipe.minor ?? 0);
  bytes.write(recipe.uuid.slice(8), 52, 'hex');
  put(32, 1_700_000_000);
  put(33, recipe.isActive === true ? 0 : 1);
  put(34, recipe.disks - failed.length);
  put(35, recipe.disks - failed.length);
  put(36, failed.length);
  put(39, recipe.events ?? 17);
  put(65, recipe.level === -1 ? 65536 : 0);
  for (let disk = 0; disk < recipe.disks; disk += 1) {
    putDisk(put, 128 + disk * 32, disk, failed.includes(disk));
    if (disk === role) putDisk(put, 992, disk, failed.includes(disk));
  }
  put(38, sumOfWords(bytes));
  return { at: space.bytes, bytes };
}

function putDisk(put: (word: number, value: number) => void, at: number, disk: number, isFailed: boolean): void {
  put(at, disk);
  put(at + 1, 8);
  put(at + 2, 16 * disk);
  put(at + 3, disk);
  // Active and in step, or failed.
  put(at + 4, isFailed ? 1 : 6);
}

/** All words, a half word at the end included; what overflows is added to the result. */
function sumOfWords(bytes: Buffer): number {
  let sum = 0n;
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum += BigInt(bytes.readUInt32LE(at));
  if (bytes.length % 4 === 2) sum += BigInt(bytes.readUInt16LE(bytes.length - 2));
  return Number(((sum & 0xffff_ffffn) + (sum >> 32n)) & 0xffff_ffffn);
}
