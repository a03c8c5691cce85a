import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { SMALL_DISK } from '../commands/cli.js';
import { runTool, startDocker, startRegistry, workplace } from './engines.js';

/**
 * The small machine on a base that lacks much of it, with every engine: moved and patched files, proof, and a registry.
 * As root, with Debian's docker.io, podman, buildah and docker-registry.
 */

const READING = ['--reader', 'native', '--exclude', '/srv/sparse'];
const LARGE = 'usr/lib/x86_64-linux-gnu/libapt-pkg.so.6.0.0';
const ENGINES = [
  { title: 'buildah', engine: 'buildah', environment: {} },
  { title: 'podman', engine: 'podman', environment: {} },
  { title: 'docker, classic builder', engine: 'docker', environment: { DOCKER_BUILDKIT: '0' } },
  { title: 'docker, BuildKit', engine: 'docker', environment: { DOCKER_BUILDKIT: '1' } },
];

test('every engine builds a machine with copies and block deltas, exactly, and pushes what has no secrets', async (t) => {
  const place = workplace('engines');
  t.teardown(() => place.remove());
  const { folder, environment } = place;
  const docker = await startDocker(folder);
  t.teardown(() => docker.stop());
  const registry = await startRegistry(folder);
  t.teardown(() => registry.stop());
  const { disk, base } = prepare(folder);

  for (const { title, engine, environment: own } of ENGINES) {
    const setting = { ...environment, ...docker.environment, ...own, ...clientWithBuilder(folder, own) };
    const output = join(folder, `out-${engine}`);
    const command = [
      ...['convert', disk, ...READING, '--base-rootfs', base, '--levels', '0', '--engine', engine, '--diff', 'rdiff'],
      ...['--verify', '--no-cache', '--output', output, '--push', `${registry.address}/${engine}`],
    ];
    const refused = await runTool(command, setting);
    t.is(refused.status, 1, title);
    t.regex(refused.stderr, /secrets, so they are not pushed/, title);
    t.regex(refused.stderr, /id_ed25519/, title);

    const built = await runTool([...command, '--allow-secrets'], setting);
    t.is(built.status, 0, `${title}\n${built.stdout}${built.stderr}`);
    t.regex(built.stdout, /identical: the image is the machine/, title);
    t.regex(built.stdout, /1 file moved or copied: \d/, title);
    t.regex(built.stdout, /1 file changed in part: .* block deltas of/, title);
    const reused = reusedIn(join(output, 'report.json'));
    t.deepEqual(reused, [`copied /opt/it's a copy`, `patched /${LARGE}`], title);
    const log = readFileSync(join(output, 'build.log'), 'utf8');
    t.regex(log, /COPY --from=reuse/, title);

    const verified = await runTool(
      ['verify', `${registry.address}/${engine}/small:latest`, disk, ...READING, '--engine', engine],
      setting,
    );
    t.is(verified.status, 0, `${title}\n${verified.stdout}${verified.stderr}`);
  }
});

/** A copy of the small machine with a copied and a changed file, and the root it came from before that. */
function prepare(folder: string): { disk: string; base: string } {
  const [disk, base, mounted] = [join(folder, 'small.raw'), join(folder, 'base.tar'), join(folder, 'mounted')];
  execFileSync('cp', ['--sparse=always', SMALL_DISK, disk]);
  mkdirSync(mounted);
  execFileSync('mount', ['-o', 'loop,offset=1048576', disk, mounted]);
  try {
    execFileSync('tar', [
      '-C',
      mounted,
      '--numeric-owner',
      '-cf',
      base,
      './bin',
      './lib',
      './lib64',
      './sbin',
      './usr',
    ]);
    const script = `
      cp usr/lib/x86_64-linux-gnu/libc.so.6 "opt/it's a copy"
      chown 7:8 "opt/it's a copy"; chmod 4750 "opt/it's a copy"
      printf changed | dd of=${LARGE} bs=1 seek=1000000 conv=notrunc status=none`;
    execFileSync('sh', ['-eu'], { cwd: mounted, input: script });
  } finally {
    execFileSync('umount', [mounted]);
  }
  return { disk, base };
}

/** Newer clients have BuildKit in a plug-in that Debian 12 does not bring; Debian's own client has it built in. */
function clientWithBuilder(folder: string, { DOCKER_BUILDKIT }: { DOCKER_BUILDKIT?: string }): { PATH?: string } {
  if (DOCKER_BUILDKIT !== '1' || !existsSync('/usr/bin/docker')) return {};
  const programs = join(folder, 'programs');
  mkdirSync(programs, { recursive: true });
  writeFileSync(join(programs, 'docker'), '#!/bin/sh\nexec /usr/bin/docker "$@"\n');
  chmodSync(join(programs, 'docker'), 0o755);
  return { PATH: `${programs}:${process.env.PATH}` };
}

function reusedIn(report: string): string[] {
  const { groups } = JSON.parse(readFileSync(report, 'utf8')) as {
    groups: { layers: { reused?: { how: string; path: string }[] }[] }[];
  };
  return groups.flatMap(({ layers }) =>
    layers.flatMap(({ reused = [] }) => reused.map((each) => `${each.how} ${each.path}`)),
  );
}
