import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import { headerRecords } from '../../src/inspect/packages/rpm/database/container.js';
import { inMemory } from '../../src/model/random-access.js';
import { berkeleyHash } from '../inspect/packages/rpm/builders/berkeley-hash.js';
import { ndb } from '../inspect/packages/rpm/builders/ndb.js';
import { convertAndCompare, type Family, prepareFamily } from './family-flow.js';
import { makeDisk } from './guest-recipe.js';

const WORK = 'build/rpm';
const FAMILY: Family = {
  recipe: 'images/families/build-rpm',
  work: WORK,
  port: 27180,
  last: 'guest-zypper',
  query: ['rpm', '-qa', '--queryformat', '%{NAME} %{EVR} %{ARCH}\\n'],
  isPackage: (line) => !line.startsWith('gpg-pubkey '),
  opensEveryForm: false,
};
const DATABASES = 'var/lib/rpm';

/**
 * Whole machines of the rpm family, of real packages: converted with buildah on a base of their release, installed by
 * its package manager from signed repositories, and compared. Run as root, with rpm, dnf, zypper and buildah.
 */
test.before('the packages, repositories, bases and guests are there', async (t) => {
  t.timeout(1_800_000);
  server = await prepareFamily(FAMILY);
});

let server: Server;

test.after.always('the server ends', () => {
  server?.close();
});

type Form = 'sqlite' | 'bdb' | 'ndb';

/** The disk of a guest, its database in the form that older or other releases have. */
async function diskOf(guest: string, form: Form): Promise<string> {
  const disk = `${WORK}/${guest}-${form}.raw`;
  if (existsSync(disk)) return disk;
  const folder = `${WORK}/${guest}/${DATABASES}`;
  const own = `${folder}/rpmdb.sqlite`;
  const aside = `${WORK}/${guest}.rpmdb.sqlite`;
  if (form === 'sqlite') {
    await makeDisk(`${WORK}/${guest}`, `${disk}.partial`, 1);
  } else {
    const broken = (record: string, reason: string): never => {
      throw new Error(`${record}: ${reason}`);
    };
    const log = existsSync(`${own}-wal`) ? await readFile(`${own}-wal`) : undefined;
    const blobs = [...headerRecords('sqlite', inMemory(await readFile(own)), log, broken)].map(({ blob }) => blob);
    const file = join(folder, form === 'bdb' ? 'Packages' : 'Packages.db');
    await rename(own, aside);
    try {
      await writeFile(file, form === 'bdb' ? berkeleyHash(blobs) : ndb(blobs));
      await makeDisk(`${WORK}/${guest}`, `${disk}.partial`, 1);
    } finally {
      await rm(file, { force: true });
      await rename(aside, own);
    }
  }
  await rename(`${disk}.partial`, disk);
  return disk;
}

interface Case {
  readonly guest: 'guest-dnf' | 'guest-zypper';
  readonly form: Form;
  readonly options: readonly string[];
  /** The program that the Dockerfile calls; null when nothing is installed. */
  readonly manager: string | null;
}

const flow = test.macro({
  async exec(t, { guest, form, options, manager }: Case) {
    t.timeout(1_200_000);
    const from = ['--base-rootfs', `${WORK}/base-${guest.replace('guest-', '')}.tar`];
    await convertAndCompare(t, FAMILY, {
      machine: 'rpmflow',
      disk: await diskOf(guest, form),
      root: `${WORK}/${guest}`,
      options: [...(options.includes('scratch') ? [] : from), ...options],
      installs: manager === null ? null : new RegExp(`install\\(\\) \\{ ${manager} `),
    });
  },
  title: (_, each?: Case) => `${each!.guest} with its database as ${each!.form}: ${each!.options.join(' ')}`,
});

const install = ['--packages', 'install'];
for (const form of ['sqlite', 'bdb', 'ndb'] as const) {
  test.serial(flow, { guest: 'guest-dnf', form, options: install, manager: 'yum' });
}
test.serial(flow, { guest: 'guest-zypper', form: 'sqlite', options: install, manager: 'zypper' });
test.serial(flow, { guest: 'guest-dnf', form: 'sqlite', options: ['--packages', 'disk'], manager: null });
test.serial(flow, {
  guest: 'guest-dnf',
  form: 'bdb',
  options: ['--base-image', 'scratch', '--packages', 'disk'],
  manager: null,
});
