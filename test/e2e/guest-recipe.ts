import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A guest that a test builds: Debian packages, and what is changed afterwards. */
export interface GuestRecipe {
  readonly name: string;
  readonly suite: 'bullseye' | 'bookworm' | 'trixie';
  readonly packages: readonly string[];
  /** Shell text run by root with the guest's root folder as working directory; nothing in it comes from a guest. */
  readonly tweaks: string;
}

/** What every guest has, so that it boots and can be asked what runs. */
const BASE_PACKAGES = ['iproute2', 'procps', 'netbase', 'kmod', 'udev'];

/** Builds the root folder of a guest below `workFolder`, once; a second call finds it there. */
export async function buildRoot(recipe: GuestRecipe, workFolder: string): Promise<string> {
  const root = join(workFolder, recipe.name);
  if (existsSync(root)) return root;
  const partial = `${root}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(workFolder, { recursive: true });
  const packages = [...BASE_PACKAGES, ...recipe.packages].join(',');
  const quiet = ['--quiet', '--variant=minbase', '--aptopt=APT::Install-Recommends "false"'];
  await execute('mmdebstrap', [...quiet, `--include=${packages}`, recipe.suite, partial], { timeout: 900_000 });
  await execute('sh', ['-euc', recipe.tweaks], { cwd: partial, timeout: 120_000 });
  await rename(partial, root);
  return root;
}

/** An ext4 file system without partitions that holds the folder's tree. */
export async function makeDisk(root: string, disk: string, gibibytes = 3): Promise<void> {
  await rm(disk, { force: true });
  await execute('mke2fs', ['-q', '-t', 'ext4', '-L', 'root', '-d', root, disk, `${gibibytes}G`], { timeout: 300_000 });
}
