import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SMALL_DISK } from '../commands/cli.js';
import { runTool, startDocker, startRegistry, workplace } from './engines.js';

/** Every kind of edit, on the image and on the machine, is found by `verify`, wherever the image lies. As root. */

const READING = ['--reader', 'native', '--exclude', '/srv/sparse'];
const EDITED = '/srv/edits';
const CAPABILITY = '0sAQAAAgAgAAAAAAAAAAAAAAAAAAA=';

/** What every machine and image of these tests has. */
const BEFORE = `
mkdir -p srv/edits && cd srv/edits
for name in byte mode owner deleted; do echo "content of $name" > $name; done
echo left > swap-a; echo righ > swap-b; touch -d @1000000000 swap-a swap-b
cp /bin/true capability; setfattr -n security.capability -v ${CAPABILITY} capability
echo x > attribute; setfattr -n user.note -v one attribute
echo y > linked-a; ln linked-a linked-b
echo z > alone-a; echo z > alone-b
touch -d @1000000000 *
`;
/** One edit each, without a trace in times where that can be avoided. */
const EDITS = `
cd srv/edits
printf C | dd of=byte bs=1 conv=notrunc status=none
mv swap-a swap-c && mv swap-b swap-a && mv swap-c swap-b
chmod g+w mode
chown 1234 owner
setfattr -x security.capability capability
setfattr -n user.note -v two attribute
rm deleted
echo more > extra
cp -p linked-b linked-c && mv linked-c linked-b
ln -f alone-a alone-b
touch -d @1000000000 *
`;
/** Of the machine against the image; the other way round where the image is edited. */
const FOUND_ON_IMAGE = [
  'attribute attribute',
  'attribute capability',
  'content byte',
  'content swap-a',
  'content swap-b',
  'extra extra',
  'hard-link alone-b',
  'hard-link linked-b',
  'missing deleted',
  'mode mode',
  'owner owner',
];
const SWAPPED: Readonly<Record<string, string>> = {
  'extra extra': 'missing extra',
  'missing deleted': 'extra deleted',
};
const FOUND_ON_MACHINE = FOUND_ON_IMAGE.map((line) => SWAPPED[line] ?? line).sort();

test('each edit of an image and of a machine is found, exit status 3, in every form an image has', async (t) => {
  const place = workplace('edits');
  t.teardown(() => place.remove());
  const { folder, environment } = place;
  const [disk, edited] = [join(folder, 'small.raw'), join(folder, 'edited.raw')];
  execFileSync('cp', ['--sparse=always', SMALL_DISK, disk]);
  onDisk(disk, folder, BEFORE);
  execFileSync('cp', ['--sparse=always', disk, edited]);
  onDisk(edited, folder, EDITS);

  const scratch = ['--base-image', 'scratch', '--packages', 'disk', '--engine', 'buildah', '--verify'];
  const built = await runTool(['convert', disk, ...READING, ...scratch, '-o', join(folder, 'out')], environment);
  t.is(built.status, 0, built.stdout + built.stderr);

  const verify = async (image: string, machine: string, more: Record<string, string> = {}, engine = 'buildah') => {
    const args = ['verify', image, machine, ...READING, '--engine', engine, '--json'];
    const { status, stdout, stderr } = await runTool(args, { ...environment, ...more });
    t.true(status === 0 || status === 3, stderr);
    const { differences } = JSON.parse(stdout) as { differences: { path: string; kind: string }[] };
    return { status, found: differences.map(({ path, kind }) => `${kind} ${path.replace(`${EDITED}/`, '')}`).sort() };
  };
  t.deepEqual(await verify('vm2docker/small', edited), { status: 3, found: FOUND_ON_MACHINE });

  const env = { ...process.env, ...environment };
  const buildah = (...args: string[]): string => execFileSync('buildah', args, { env, encoding: 'utf8' }).trim();
  editImage(buildah);
  t.deepEqual(await verify('edited', disk), { status: 3, found: FOUND_ON_IMAGE });

  const layout = join(folder, 'layout');
  buildah('push', '--quiet', '--compression-format', 'zstd', 'edited', `oci:${layout}:edited`);
  buildah('push', '--quiet', 'edited', `oci-archive:${layout}.tar:edited`);
  buildah('push', '--quiet', 'edited', `docker-archive:${layout}-docker.tar:edited`);
  for (const form of [`oci:${layout}`, `oci-archive:${layout}.tar`, `docker-archive:${layout}-docker.tar`]) {
    t.deepEqual(await verify(form, disk), { status: 3, found: FOUND_ON_IMAGE }, form);
  }

  const registry = await startRegistry(folder);
  t.teardown(() => registry.stop());
  const reference = `${registry.address}/test/edited:latest`;
  buildah('push', '--quiet', '--tls-verify=false', 'edited', `docker://${reference}`);
  t.deepEqual(await verify(reference, disk), { status: 3, found: FOUND_ON_IMAGE });

  const docker = await startDocker(folder);
  t.teardown(() => docker.stop());
  execFileSync('docker', ['load', '--quiet', '--input', `${layout}-docker.tar`], {
    env: { ...env, ...docker.environment },
    stdio: 'ignore',
  });
  const inDocker = await verify('localhost/edited:latest', disk, docker.environment, 'docker');
  t.is(inDocker.status, 3);
  t.deepEqual(inDocker.found, FOUND_ON_IMAGE);
});

function onDisk(disk: string, folder: string, script: string): void {
  const mounted = join(folder, 'mounted');
  mkdirSync(mounted, { recursive: true });
  execFileSync('mount', ['-o', 'loop,offset=1048576', disk, mounted]);
  try {
    execFileSync('sh', ['-eu'], { cwd: mounted, input: script });
  } finally {
    execFileSync('umount', [mounted]);
  }
}

/** A layer of its own above the image, with whiteouts. */
function editImage(buildah: (...args: string[]) => string): void {
  const container = buildah('from', '--pull=never', 'vm2docker/small');
  const root = buildah('mount', container);
  execFileSync('sh', ['-eu'], { cwd: root, input: EDITS });
  buildah('umount', container);
  buildah('commit', '--quiet', container, 'edited');
  buildah('rm', container);
}
