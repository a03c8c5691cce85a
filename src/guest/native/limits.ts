/**
 * Bounds of what a disk can make us do. Each is far above what real machines have and low enough that the worst disk
 * costs seconds and a few hundred megabytes; above it the disk is declined, never cut short.
 */
export const LIMITS = {
  entries: 20_000_000,
  depth: 4096,
  /** Bytes of a path. */
  path: 16 * 1024,
  extentsPerFile: 4_000_000,
  /** How often over the content of a file system may fill it, where files share blocks or are packed. */
  timesMapped: 1024,
  directoryBytes: 2 ** 30,
  /** The kernel's own limits (xattr(7), symlink(7)). */
  attributeBytes: 64 * 1024,
  attributesPerInode: 2 ** 20,
  linkBytes: 4095,
  journalBlocks: 2 ** 21,
} as const;
