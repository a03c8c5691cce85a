import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Server } from 'node:http';
import test from 'ava';
import { convertAndCompare, type Family, prepareFamily } from './family-flow.js';
import { makeDisk } from './guest-recipe.js';

const FAMILY: Family = {
  recipe: 'images/families/build-pacman',
  work: 'build/pacman',
  port: 27181,
  last: 'guest-pacman',
  query: ['pacman', '-Q'],
  isPackage: () => true,
  opensEveryForm: true,
};
const INSTALLS = /^.*pacman --config \S+ -S --noconfirm --needed "\$@"/m;

/**
 * A whole machine with pacman, of real packages: converted with buildah on a base of its own, installed by pacman from
 * repositories of repo-add, and compared. Run as root, with pacman, bsdtar and buildah.
 */
test.before('the packages, repositories, the base and the guest are there', async (t) => {
  t.timeout(1_800_000);
  server = await prepareFamily(FAMILY);
});

let server: Server;

test.after.always('the server ends', () => {
  server?.close();
});

async function diskOf(root: string): Promise<string> {
  const disk = `${root}.raw`;
  if (existsSync(disk)) return disk;
  await makeDisk(root, `${disk}.partial`, 1);
  await rename(`${disk}.partial`, disk);
  return disk;
}

interface Case {
  readonly guest: 'guest-pacman' | 'guest-older';
  readonly base: readonly string[];
  readonly packages: 'auto' | 'install' | 'disk';
  /** What no repository has in the machine's version, and what needs it. */
  readonly fromDisk?: readonly string[];
}

const flow = test.macro({
  async exec(t, { guest, base, packages, fromDisk }: Case) {
    t.timeout(1_200_000);
    const root = `${FAMILY.work}/${guest}`;
    await convertAndCompare(t, FAMILY, {
      machine: 'pacmanflow',
      disk: await diskOf(root),
      root,
      options: [...base, '--packages', packages],
      installs: packages === 'disk' ? null : INSTALLS,
      ...(fromDisk === undefined ? {} : { fromDisk }),
    });
  },
  title: (_, each?: Case) => `${each!.guest}: ${each!.base.join(' ')} --packages ${each!.packages}`,
});

const BASE = ['--base-rootfs', `${FAMILY.work}/base-pacman.tar`];
test.serial(flow, { guest: 'guest-pacman', base: BASE, packages: 'install' });
test.serial(flow, { guest: 'guest-older', base: BASE, packages: 'auto', fromDisk: ['acme-lib', 'acme-web'] });
test.serial(flow, { guest: 'guest-pacman', base: ['--base-image', 'scratch'], packages: 'disk' });
