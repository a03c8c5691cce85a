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

/**
 * Builds the root folder of a guest below `workFolder`, once; a second call finds it there. What all guests of a suite
 * have in common is bootstrapped once and copied.
 */
export async function buildRoot(recipe: GuestRecipe, workFolder: string): Promise<string> {
  const root = join(workFolder, recipe.name);
  if (existsSync(root)) return root;
  const base = await buildBase(recipe.suite, workFolder);
  const partial = `${root}.partial`;
  await rm(partial, { recursive: true, force: true });
  await execute('cp', ['-a', '--sparse=always', base, partial], { timeout: 300_000 });
  await execute('unshare', ['--mount', 'sh', '-euc', INSTALL, 'sh', partial, ...recipe.packages], {
    timeout: 1_200_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  await execute('sh', ['-euc', recipe.tweaks], { cwd: partial, timeout: 120_000 });
  await rename(partial, root);
  return root;
}

async function buildBase(suite: GuestRecipe['suite'], workFolder: string): Promise<string> {
  const base = join(workFolder, `base-${suite}`);
  if (existsSync(base)) return base;
  await mkdir(workFolder, { recursive: true });
  await rm(`${base}.partial`, { recursive: true, force: true });
  const options = ['--quiet', '--variant=minbase', '--skip=cleanup/apt', '--aptopt=APT::Install-Recommends "false"'];
  const include = `--include=${BASE_PACKAGES.join(',')}`;
  await execute('mmdebstrap', [...options, include, suite, `${base}.partial`], { timeout: 900_000 });
  await rename(`${base}.partial`, base);
  return base;
}

/** Installs packages `$2`… into the root `$1` as mmdebstrap does: nothing is started, and no list or archive stays. */
const INSTALL = `
root=$1; shift
mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"; mount --rbind /dev "$root/dev"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"; chmod 755 "$root/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
# Some packages (init systems) take the place of others of the base.
chroot "$root" apt-get --quiet --yes --allow-remove-essential -o DPkg::Options::=--force-unsafe-io install "$@"
rm "$root/usr/sbin/policy-rc.d"; rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
`;

/** An ext4 file system without partitions that holds the folder's tree. */
export async function makeDisk(root: string, disk: string, gibibytes = 3): Promise<void> {
  await rm(disk, { force: true });
  await execute('mke2fs', ['-q', '-t', 'ext4', '-L', 'root', '-d', root, disk, `${gibibytes}G`], { timeout: 300_000 });
}
