import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SMALL_DISK } from '../commands/cli.js';
import { type Daemon, runTool, startDocker, workplace } from './engines.js';

/**
 * A machine of everything that is hard to carry from a disk into layers, on an image that has it all otherwise: each type
 * of file in place of each other one, groups of hard links that change, names, owners, modes, times, attributes, a folder
 * of 100,000 files. Built with every engine, compared by the tool and by a program that shares no code with it. As root.
 */

const TREE = new URL('hostile-tree.py', import.meta.url).pathname;
const COMPARE = new URL('compare-layers.py', import.meta.url).pathname;
const START = 2 ** 20;
const DISK_KIB = 3 * 2 ** 20;
const ATTRIBUTES = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];
const ENGINES = [
  { title: 'buildah', engine: 'buildah', environment: {} },
  { title: 'podman', engine: 'podman', environment: {} },
  { title: 'docker, classic builder', engine: 'docker', environment: { DOCKER_BUILDKIT: '0' } },
  {
    title: 'docker, BuildKit',
    engine: 'docker',
    environment: { DOCKER_BUILDKIT: '1', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
  },
];
/** What no layer holds, as the comparing program begins its lines; the rest of long paths is left out. */
const UNREPRESENTABLE = [
  "'/srv/attributes/refused': attributes",
  "'/srv/deep",
  "'/srv/deep",
  "'/srv/names/.wh.hidden': missing from the image",
  "'/srv/names/folder/.wh..wh..opq': missing from the image",
  "'/srv/special/whiteout': missing from the image",
];

const place = workplace('hostile');
let machine: { readonly disk: string; readonly base: string };
let docker: Daemon | undefined;

test.before(async () => {
  machine = prepare(place.folder);
  docker = await startDocker(place.folder);
});

test.after.always(async () => {
  await docker?.stop();
  await place.remove();
});

for (const { title, engine, environment: own } of ENGINES) {
  test.serial(
    `a machine of all that is hard to carry is rebuilt exactly, from an image that has it all otherwise: ${title}`,
    async (t) => {
      const { folder, environment } = place;
      const { disk, base } = machine;
      const setting = { ...environment, ...docker!.environment, ...own };
      const output = join(folder, `out-${engine}`);
      const command = [
        ...['convert', `machine=${disk}`, '--reader', 'native', '--base-rootfs', base, '--levels', '0'],
        ...['--engine', engine, '--verify', '--strict-times', '--no-cache', '-o', output],
      ];
      const built = await runTool(command, setting);
      t.is(built.status, 0, `${built.stdout}${built.stderr}`);
      t.regex(built.stdout, /identical: the image is the machine/);
      const layout = join(folder, `layout-${engine}`);
      const env = { ...process.env, ...setting };
      const image = engine === 'docker' ? fromDocker(folder, env) : 'vm2docker/machine';
      const save = ['push', '--quiet', '--disable-compression', image, `oci:${layout}:machine`];
      execFileSync('buildah', save, { env });
      const lines = compare(layout, disk, folder, output);
      t.deepEqual(
        lines.map((line) => line.replace(/^('\/srv\/deep).*|(attributes): .*/s, '$1$2')),
        UNREPRESENTABLE,
      );
      rmSync(layout, { recursive: true });
    },
  );
}

/** @returns a disk, and the root for the image below as an archive. */
function prepare(folder: string): { disk: string; base: string } {
  const [disk, base, tree] = [join(folder, 'machine.raw'), join(folder, 'base.tar'), join(folder, 'tree')];
  const small = join(folder, 'small.tar');
  // The record of logins has a terabyte of holes.
  const without = ['--exclude=./srv', '--exclude=./var/log/lastlog'];
  onDisk(SMALL_DISK, 'ro,noload', folder, (root) => {
    execFileSync('tar', ['-C', root, ...without, ...ATTRIBUTES, '-cf', small, '.']);
  });
  mkdirSync(tree);
  execFileSync('tar', ['-C', tree, ...ATTRIBUTES, '-xpf', small]);
  execFileSync('python3', [TREE, tree, 'below']);
  execFileSync('tar', ['-C', tree, ...ATTRIBUTES, '-cf', base, '.'], { stdio: 'ignore' });
  rmSync(tree, { recursive: true });

  execFileSync('truncate', ['-s', `${DISK_KIB}K`, disk]);
  execFileSync('sfdisk', ['--quiet', disk], { input: 'label: dos\nstart=2048, type=83, bootable\n' });
  const options = ['-q', '-t', 'ext4', '-N', '400000', '-I', '256', '-E', `offset=${START}`];
  execFileSync('mke2fs', [...options, disk, `${DISK_KIB - START / 1024}k`], { stdio: 'ignore' });
  onDisk(disk, 'rw', folder, (root) => {
    execFileSync('tar', ['-C', root, ...ATTRIBUTES, '-xpf', small]);
    execFileSync('python3', [TREE, root, 'machine']);
  });
  rmSync(small);
  return { disk, base };
}

/** The image from Docker's store in buildah's, which writes the layers as it was given them. @returns its id */
function fromDocker(folder: string, env: NodeJS.ProcessEnv): string {
  const archive = join(folder, 'saved.tar');
  execFileSync('docker', ['save', '--output', archive, 'vm2docker/machine'], { env });
  const id = execFileSync('buildah', ['pull', '--quiet', `docker-archive:${archive}`], { env, encoding: 'utf8' });
  rmSync(archive);
  return id.trim();
}

/** The lines of the program that shares no code with the tool, without the last, which counts. */
function compare(layout: string, disk: string, folder: string, output: string): string[] {
  return onDisk(disk, 'ro,noload', folder, (root) => {
    const args = [COMPARE, layout, root, join(output, 'report.json'), 'machine', '--strict-times'];
    const { stdout, stderr } = spawnSync('python3', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    const lines = stdout.trimEnd().split('\n');
    if (!/^\d+ paths of the guest/.test(lines.at(-1)!)) throw new Error(`compare-layers.py ended early: ${stderr}`);
    return lines.slice(0, -1);
  });
}

function onDisk<T>(disk: string, mode: string, folder: string, work: (root: string) => T): T {
  const mounted = join(folder, 'mounted');
  mkdirSync(mounted, { recursive: true });
  execFileSync('mount', ['-o', `${mode},loop,offset=${START}`, disk, mounted]);
  try {
    return work(mounted);
  } finally {
    execFileSync('umount', [mounted]);
  }
}
