import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { runTool, startDocker, workplace } from './engines.js';

/**
 * Where packages come from in a build: an archive that asks for a password, files of the user's, and a base that lacks
 * documents and languages. As root, with mmdebstrap, buildah and Debian's docker.io.
 */

const HERE = new URL('../../', import.meta.url).pathname;
const PASSWORD = 'kept-out-of-every-layer-8127';
const SUITE = 'bookworm';
const PACKAGES = 'tree,nano,cron';
const STRIPPED = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*'];

test.serial(
  'an archive that asks for a password is built from, with files of packages, and no layer tells the password',
  async (t) => {
    const place = workplace('sources');
    t.teardown(() => place.remove());
    const { folder, environment } = place;
    const mirror = await guardedMirror();
    t.teardown(() => mirror.close());
    const debs = makeDebs(folder);
    const machine = makeMachine(folder, mirror.uri, debs);
    const docker = await startDocker(folder);
    t.teardown(() => docker.stop());

    // The classic builder is asked for: where a command mounts something the tool takes BuildKit all the same.
    const classic = { ...docker.environment, DOCKER_BUILDKIT: '0', PATH: `/usr/bin:${process.env.PATH}` };
    for (const [engine, own] of [['buildah', {}] as const, ['docker', classic] as const]) {
      const output = join(folder, `out-${engine}`);
      const command = [
        ...['convert', `guarded=${machine}`, '--engine', engine, '--verify', '--base-image', 'bootstrap'],
        ...['--packages', 'install', '--debs', debs, '--output', output],
      ];
      const answered = mirror.answered();
      const built = await runTool(command, { ...environment, ...own });
      t.is(built.status, 0, `${engine}\n${built.stdout}${built.stderr}`);
      t.regex(built.stdout, /identical: the image is the machine/, engine);
      t.true(mirror.answered() > answered, `${engine} took nothing from the archive`);

      const layers = layersIn(join(output, 'report.json'));
      const local = layers.find(({ named = [] }) => named.includes('oldapp'))!;
      t.is(local.mode, 'install', engine);
      t.true(
        local.packages.some((item) => item.startsWith('tree')),
        engine,
      );
      t.deepEqual(filesWith(output, PASSWORD), ['vms/guarded/delta.tar'], engine);
      const shared = `vm2docker/${local.id}`;
      t.false(imageHolds(engine, shared, folder, { ...process.env, ...environment, ...own }), engine);
    }
  },
);

test.serial(
  'what a base was stripped of is laid down once, above it, and two runs at once do not disturb each other',
  async (t) => {
    const place = workplace('stripped');
    t.teardown(() => place.remove());
    const { folder, environment } = place;
    const [line] = sources();
    const base = join(folder, 'base.tar');
    const without = STRIPPED.map((pattern) => `--dpkgopt=path-exclude=${pattern}`);
    bootstrap(base, 'apt', line!, ...without);
    const machine = join(folder, 'machine.tar');
    bootstrap(machine, PACKAGES, line!);
    const docker = await startDocker(folder);
    t.teardown(() => docker.stop());
    const classic = { ...docker.environment, DOCKER_BUILDKIT: '0' };
    for (const [engine, own] of [['buildah', {}] as const, ['docker', classic] as const]) {
      const output = join(folder, `out-${engine}`);
      const command = [
        ...['convert', `whole=${machine}`, '--engine', engine, '--verify', '--base-rootfs', base],
        ...['--packages', 'install', '--output', output],
      ];
      const built = await runTool(command, { ...environment, ...own });
      t.is(built.status, 0, `${engine}\n${built.stdout}${built.stderr}`);
      const layers = layersIn(join(output, 'report.json'));
      const stripped = layers.find(({ reason }) => reason?.includes('leaves documents'));
      t.is(stripped?.parent, layers[0]?.id, engine);
      t.true(stripped!.size.built! > 1_000_000, `${engine}: ${stripped!.size.built}`);
      const delta = layers.find(({ kind }) => kind === 'delta');
      t.true(delta!.size.built! < 4_000_000, `${engine}: the delta brings ${delta!.size.built} bytes`);
    }

    // Without what is built already, each installs its own packages of the same names.
    const together = await Promise.all(
      ['one', 'two'].map((name) => {
        const output = join(folder, `out-${name}`);
        const command = ['convert', `${name}=${machine}`, '--engine', 'buildah', '--verify', '--base-rootfs', base];
        return runTool([...command, '--packages', 'install', '--no-cache', '--output', output], environment);
      }),
    );
    for (const { status, stdout, stderr } of together) t.is(status, 0, stdout + stderr);
    t.regex(together.map(({ stderr }) => stderr).join(''), /waiting for another conversion/);
  },
);

function sources(): string[] {
  return execFileSync(join(HERE, 'images/apt-sources'), [SUITE], { encoding: 'utf8' }).trim().split('\n');
}

function bootstrap(file: string, include: string, ...more: string[]): void {
  const [line, ...options] = more;
  const common = [
    '--quiet',
    '--variant=minbase',
    `--include=${include}`,
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
  ];
  execFileSync('mmdebstrap', [...common, '--dpkgopt=force-unsafe-io', ...options, SUITE, file, line!], {
    stdio: 'pipe',
  });
}

interface Mirror {
  readonly uri: string;
  /** How many requests had the password. */
  answered(): number;
  close(): Promise<void>;
}

/** Sends whoever knows the password on to the mirror of this machine. */
async function guardedMirror(): Promise<Mirror> {
  const real = sources()[0]!.split(' ')[1]!.replace(/\/$/, '');
  const wanted = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`;
  let count = 0;
  const server: Server = createServer((request, response) => {
    if (request.headers.authorization !== wanted) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="packages"' }).end();
      return;
    }
    count += 1;
    response.writeHead(302, { location: `${real}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}`,
    answered: () => count,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A package that no archive has. @returns the folder it lies in. */
function makeDebs(folder: string): string {
  const debs = join(folder, 'debs');
  const root = join(folder, 'oldapp');
  mkdirSync(join(root, 'DEBIAN'), { recursive: true });
  mkdirSync(join(root, 'usr/share/oldapp'), { recursive: true });
  mkdirSync(debs);
  const control = ['Package: oldapp', 'Version: 1.0-1', 'Architecture: all', 'Maintainer: Nobody <nobody@example.org>'];
  writeFileSync(join(root, 'DEBIAN/control'), `${[...control, 'Description: an old application'].join('\n')}\n`);
  writeFileSync(join(root, 'usr/share/oldapp/data'), 'old\n'.repeat(1000));
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', root, debs], { stdio: 'pipe' });
  return debs;
}

function makeMachine(folder: string, mirror: string, debs: string): string {
  const machine = join(folder, 'machine.tar');
  const own = join(folder, 'own');
  mkdirSync(join(own, 'etc/apt/auth.conf.d'), { recursive: true });
  writeFileSync(join(own, 'etc/apt/sources.list'), `deb ${mirror} ${SUITE} main\n`);
  const entry = `machine ${mirror} login me password ${PASSWORD}\n`;
  writeFileSync(join(own, 'etc/apt/auth.conf.d/mirror.conf'), entry, { mode: 0o600 });
  const [line] = sources();
  const install = [
    `--customize-hook=cp ${debs}/*.deb "$1/tmp"; chroot "$1" sh -c 'dpkg -i /tmp/*.deb'; rm "$1"/tmp/*.deb`,
    `--customize-hook=cp ${own}/etc/apt/sources.list "$1/etc/apt/"; cp ${own}/etc/apt/auth.conf.d/mirror.conf "$1/etc/apt/auth.conf.d/"`,
  ];
  bootstrap(machine, PACKAGES, line!, ...install);
  return machine;
}

interface Layer {
  readonly id: string;
  readonly parent: string | null;
  readonly kind: string;
  readonly mode?: string;
  readonly reason?: string;
  readonly named?: readonly string[];
  readonly packages: readonly string[];
  readonly size: { readonly built: number | null };
}

function layersIn(report: string): readonly Layer[] {
  const { groups } = JSON.parse(readFileSync(report, 'utf8')) as { groups: { layers: Layer[] }[] };
  return groups.flatMap(({ layers }) => layers);
}

/** Which files below a folder hold a word: the machine's own, in its delta, is the one that may. */
function filesWith(folder: string, word: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile() && readFileSync(join(folder, name)).includes(word))
    .sort();
}

function imageHolds(engine: string, reference: string, folder: string, env: NodeJS.ProcessEnv): boolean {
  const file = join(folder, `${engine}-shared.tar`);
  if (engine === 'docker') execFileSync('docker', ['save', '-o', file, reference], { env, stdio: 'pipe' });
  else {
    const flags = ['push', '--quiet', '--disable-compression', reference, `docker-archive:${file}`];
    execFileSync('buildah', flags, { env, stdio: 'pipe' });
  }
  return readFileSync(file).includes(PASSWORD);
}
