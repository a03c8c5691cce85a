import { execFile, execFileSync } from 'node:child_process';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, normalize } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { headerRecords } from '../../src/inspect/packages/rpm/database/container.js';
import { inMemory } from '../../src/model/random-access.js';
import { berkeleyHash } from '../inspect/packages/rpm/builders/berkeley-hash.js';
import { ndb } from '../inspect/packages/rpm/builders/ndb.js';
import { makeDisk } from './guest-recipe.js';

const execute = promisify(execFile);
const PORT = 27180;
const WORK = 'build/rpm';
const DATABASES = 'var/lib/rpm';

/**
 * Whole machines of the rpm family, of real packages: converted with buildah on a base of their release, installed by
 * its package manager from signed repositories, and compared. Run as root, with rpm, dnf, zypper and buildah.
 */
test.before('the packages, repositories, bases and guests are there', async (t) => {
  t.timeout(1_800_000);
  if (!existsSync(`${WORK}/guest-zypper`)) {
    await execute('images/families/build-rpm', [WORK, `http://127.0.0.1:${PORT}`], { maxBuffer: 1 << 26 });
  }
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(PORT, '127.0.0.1', resolve));
});

const server = createServer((request, response) => {
  const file = join(WORK, 'repo', normalize(decodeURIComponent(new URL(request.url!, 'http://x').pathname)));
  if (!existsSync(file) || !statSync(file).isFile()) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-length': statSync(file).size });
  createReadStream(file).pipe(response);
});

test.after.always('the server ends', () => {
  server.close();
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

interface Report {
  readonly vms: readonly [
    { readonly packages: { readonly installed: readonly { name: string }[]; toInstall: readonly string[] } },
  ];
  readonly groups: readonly [
    {
      readonly layers: readonly {
        readonly id: string;
        readonly kind: string;
        readonly mode?: string;
        readonly packages: readonly string[];
      }[];
      readonly metrics: readonly { basis: string; beta: number; di3: number; phi3: number; chi: number }[];
    },
  ];
}

interface Case {
  readonly guest: 'guest-dnf' | 'guest-zypper';
  readonly form: Form;
  readonly options: readonly string[];
  /** The program that the Dockerfile calls; null when nothing is installed. */
  readonly manager: string | null;
}

/** Converts, verifies, and has programs of others look at what came out. */
const flow = test.macro({
  async exec(t, { guest, form, options, manager }: Case) {
    t.timeout(1_200_000);
    const disk = await diskOf(guest, form);
    const output = `${WORK}/out`;
    const base = `${WORK}/base-${guest.replace('guest-', '')}.tar`;
    const from = options.includes('scratch') ? [] : ['--base-rootfs', base];
    const args = [
      'convert',
      `rpmflow=${disk}`,
      '--output',
      output,
      '--engine',
      'buildah',
      '--verify',
      '--reader',
      'native',
    ];
    const converted = await execute('node', ['--import=tsx', 'bin/dev.js', ...args, '--json', ...from, ...options], {
      maxBuffer: 1 << 28,
    }).catch((error: { stdout: string; stderr: string }) => error);
    const exitCode = (converted as { code?: number }).code ?? 0;
    if (exitCode !== 0) t.log(converted.stderr.slice(-3000), differencesOf(converted.stdout));
    t.is(exitCode, 0);
    const report = JSON.parse(await readFile(`${output}/report.json`, 'utf8')) as Report;
    const [group] = report.groups;
    try {
      const installing = group.layers.filter(({ mode }) => mode === 'install');
      t.is(installing.length > 0, manager !== null);
      for (const { id } of installing) {
        const dockerfile = await readFile(`${output}/layers/${id}/Dockerfile`, 'utf8');
        t.regex(dockerfile, new RegExp(`install\\(\\) \\{ ${manager} `));
        // The set that the package manager made is the guest's before any file of the disk is laid on it.
        t.deepEqual(listOf(`vm2docker/${id}`), guestList(guest));
      }
      const measured = group.metrics.find(({ basis }) => basis === 'built')!;
      t.log(
        `beta ${measured.beta}, DI3 ${measured.di3}, phi3/beta ${(measured.phi3 / measured.beta).toFixed(3)}, chi ${measured.chi.toFixed(1)} %`,
        `named ${report.vms[0].packages.toInstall.length} of ${report.vms[0].packages.installed.length}`,
      );
      t.is(await compareLayers(disk, 'vm2docker/rpmflow', `${output}/report.json`), '');
    } finally {
      const tags = [...group.layers.map(({ id }) => `vm2docker/${id}`).reverse(), 'vm2docker/rpmflow'];
      for (const tag of tags) await execute('buildah', ['rmi', '--force', tag]).catch(() => undefined);
      await rm(output, { recursive: true, force: true });
    }
  },
  title: (_, each?: Case) => `${each!.guest} with its database as ${each!.form}: ${each!.options.join(' ')}`,
});

/** The first of the differences that `--verify` found, one a line. */
function differencesOf(json: string): string {
  const found = [...json.matchAll(/\{\s*"path": "[^"]*",\s*"kind": "[^"]*"[^}]*\}/g)];
  return found
    .slice(0, 40)
    .map(([text]) => text.replace(/\s+/g, ' '))
    .join('\n');
}

const QUERY = ['--queryformat', '%{NAME} %{EVR} %{ARCH}\\n'];

/** What rpm itself says of an image. */
function listOf(tag: string): string[] {
  const container = execFileSync('buildah', ['from', '--pull=never', tag], { encoding: 'utf8' }).trim();
  try {
    const command = ['run', '--isolation', 'chroot', container, '--', 'rpm', '-qa', ...QUERY];
    return lines(execFileSync('buildah', command, { encoding: 'utf8' }));
  } finally {
    execFileSync('buildah', ['rm', container]);
  }
}

function guestList(guest: string): string[] {
  return lines(execFileSync('chroot', [`${WORK}/${guest}`, 'rpm', '-qa', ...QUERY], { encoding: 'utf8' }));
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('gpg-pubkey '))
    .sort();
}

/** The comparison that shares no code with the tool; empty when nothing differs. */
async function compareLayers(disk: string, tag: string, report: string): Promise<string> {
  const [layout, mount] = [`${WORK}/layout`, `${WORK}/mnt`];
  await mkdir(mount, { recursive: true });
  await execute('buildah', ['push', tag, `oci:${layout}`]);
  await execute('mount', ['-o', 'loop,ro', disk, mount]);
  try {
    await execute('python3', ['test/e2e/compare-layers.py', layout, mount, report, 'rpmflow'], { maxBuffer: 1 << 26 });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout.slice(0, 4000);
  } finally {
    await execute('umount', [mount]);
    await rm(layout, { recursive: true, force: true });
  }
}

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
