import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RaidRecipe, raidSpace, raidSuperBlock } from '../disk/md-writer.js';

/** Small disks made by the host's own mkfs programs, without an appliance; kept below build/, by the text of the recipe. */

const CACHE = fileURLToPath(new URL('../../build/test-guests/', import.meta.url));
const MEBIBYTE = 1024 * 1024;

export interface Part {
  /** `raw`: `bytes` are written at their offsets, as a foreign system's magic numbers. */
  readonly type: 'ext4' | 'xfs' | 'btrfs' | 'swap' | 'ntfs' | 'raw';
  readonly megabytes: number;
  /** Content by path; a name that ends with a slash is an empty folder. */
  readonly files?: Readonly<Record<string, string>>;
  readonly label?: string;
  readonly uuid?: string;
  readonly bytes?: readonly (readonly [offset: number, hex: string])[];
  /** Of btrfs: what to do with it while it is mounted at `$1`; needs root. */
  readonly script?: string;
}

export interface DiskRecipe {
  readonly name: string;
  /** Without a partition table the one part is the whole disk. */
  readonly table: 'gpt' | 'none';
  readonly parts: readonly Part[];
  /** Makes the disk a member of an md array that holds what the rest of the recipe says. */
  readonly raid?: RaidRecipe & { readonly role: number };
}

/** @returns the path of a raw disk. */
export function layoutDisk(recipe: DiskRecipe): string {
  const key = createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
  const disk = join(CACHE, `${recipe.name}-${key}.raw`);
  if (existsSync(disk)) return disk;
  const { raid, ...content } = recipe;
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'layout-disk-'));
  try {
    const made = join(work, 'disk');
    if (raid !== undefined) {
      // All disks of an array hold parts of one image, so that one is made first.
      writeRaidMember(layoutDisk({ ...content, name: `${raid.uuid.slice(0, 8)}-content` }), made, raid);
      return publish(made, disk);
    }
    const parts = recipe.parts.map((part, index) => makePart(part, join(work, `part${index}`)));
    if (recipe.table === 'none') renameSync(parts[0]!, made);
    else joinParts(recipe.parts, parts, made);
    return publish(made, disk);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function publish(made: string, disk: string): string {
  copyFileSync(made, `${disk}.${process.pid}`);
  renameSync(`${disk}.${process.pid}`, disk);
  return disk;
}

function writeRaidMember(content: string, disk: string, raid: RaidRecipe & { readonly role: number }): void {
  const { offset, bytes } = raidSpace(raid);
  const all = readFileSync(content);
  const start = raid.level === 1 ? 0 : raid.role * bytes;
  if (all.length > bytes * (raid.level === 1 ? 1 : raid.disks)) throw new Error(`${content} is larger than its array`);
  writeFileSync(disk, '');
  truncateSync(disk, raid.diskBytes);
  const file = openSync(disk, 'r+');
  writeSync(file, all.subarray(start, start + bytes), 0, undefined, offset);
  const superBlock = raidSuperBlock(raid, raid.role);
  writeSync(file, superBlock.bytes, 0, undefined, superBlock.at);
  closeSync(file);
}

function joinParts(recipes: readonly Part[], parts: readonly string[], disk: string): void {
  writeFileSync(disk, '');
  truncateSync(disk, (recipes.reduce((sum, { megabytes }) => sum + megabytes, 0) + 2) * MEBIBYTE);
  const lines = recipes.map(({ megabytes }) => `size=${megabytes}MiB`);
  execFileSync('sfdisk', ['-q', disk], {
    input: ['label: gpt', ...lines, ''].join('\n'),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  let at = 1;
  for (const [index, part] of parts.entries()) {
    execFileSync('dd', [`if=${part}`, `of=${disk}`, 'bs=1M', `seek=${at}`, 'conv=notrunc,sparse', 'status=none']);
    at += recipes[index]!.megabytes;
  }
}

function makePart({ type, megabytes, files = {}, label, uuid, bytes = [], script }: Part, image: string): string {
  writeFileSync(image, '');
  truncateSync(image, megabytes * MEBIBYTE);
  const tree = `${image}.tree`;
  mkdirSync(tree);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path.endsWith('/') ? path : dirname(path)), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(join(tree, path), content);
  }
  const run = (program: string, ...args: string[]): void => {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  };
  const named = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [flag, value]);
  switch (type) {
    case 'ext4':
      run('mke2fs', '-q', '-F', '-t', 'ext4', '-d', tree, ...named('-L', label), ...named('-U', uuid), image);
      break;
    case 'btrfs':
      run('mkfs.btrfs', '-q', '-r', tree, ...named('-L', label), ...named('-U', uuid), image);
      if (script !== undefined) whileMounted(image, script);
      break;
    case 'xfs':
      run('mkfs.xfs', '-q', '-f', ...named('-L', label), image);
      break;
    case 'swap':
      run('mkswap', '-q', image);
      break;
    case 'ntfs':
      execFileSync('mkntfs', ['-q', '-F', '-Q', image], { stdio: 'ignore' });
      break;
    case 'raw': {
      const file = openSync(image, 'r+');
      for (const [offset, hex] of bytes) writeSync(file, Buffer.from(hex, 'hex'), 0, undefined, offset);
    }
  }
  return image;
}

function whileMounted(image: string, script: string): void {
  const place = mkdtempSync(join(tmpdir(), 'layout-mount-'));
  execFileSync('mount', ['-o', 'loop', image, place]);
  try {
    execFileSync('sh', ['-ec', script, 'sh', place], { stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    // A mount namespace that was made meanwhile would keep it writable.
    execFileSync('mount', ['-o', 'remount,ro', place]);
    execFileSync('umount', [place]);
    rmSync(place, { recursive: true });
  }
}
