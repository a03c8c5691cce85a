/** Where a block that the log may change keeps what tells of its age and of its soundness. */
interface Marks {
  readonly lsnAt: number;
  readonly checksumAt?: number;
  /** Its own address, in sectors. */
  readonly placeAt?: number;
  /** Of a folder, whose blocks may lie in pieces that are logged one by one; the checksum is of all of them. */
  readonly isOfFolder?: boolean;
}

const LONG_TREE: Marks = { lsnAt: 32, checksumAt: 64, placeAt: 24 };
/** Of free space, inodes, owners and shares: a reader of files does not need them. */
const SHORT_TREE: Marks = { lsnAt: 24 };
const FOLDER_BLOCK: Marks = { lsnAt: 16, checksumAt: 4, placeAt: 8, isOfFolder: true };
const ATTRIBUTE_LEAF: Marks = { lsnAt: 24, checksumAt: 12, placeAt: 16 };
const INDEX_BLOCK: Marks = { ...ATTRIBUTE_LEAF, isOfFolder: true };
const SYMLINK: Marks = { lsnAt: 48, checksumAt: 12, placeAt: 40 };
const SUPER_BLOCK: Marks = { lsnAt: 240 };

const BY_MAGIC = new Map<number, Marks>([
  [0x424d4133, LONG_TREE],
  ...[0x41423342, 0x41423343, 0x49414233, 0x46494233, 0x524d4233, 0x52334643].map(
    (magic) => [magic, SHORT_TREE] as const,
  ),
  ...[0x58444233, 0x58444433, 0x58444633].map((magic) => [magic, FOLDER_BLOCK] as const),
  [0x58534c4d, SYMLINK],
  [0x58465342, SUPER_BLOCK],
]);
const BY_INDEX_MAGIC = new Map<number, Marks>([
  [0x3bee, ATTRIBUTE_LEAF],
  ...[0x3ebe, 0x3df1, 0x3dff].map((magic) => [magic, INDEX_BLOCK] as const),
]);

/** Of version 5; undefined for a block of no known kind. */
export function marksOf(bytes: Buffer): Marks | undefined {
  return BY_MAGIC.get(bytes.readUInt32BE(0)) ?? BY_INDEX_MAGIC.get(bytes.readUInt16BE(8));
}
