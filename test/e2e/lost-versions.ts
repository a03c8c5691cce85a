/**
 * A Debian 11 machine with its security updates, converted from an archive that lost half of them, with buildah:
 *
 *     npx tsx test/e2e/lost-versions.ts [--tool bin/run.js] [--keep]
 *
 * As root, after `make build`. The machine is a root made by mmdebstrap; a server on the loopback address stands for the
 * security archive and no longer names what it lost. Asserted: no difference, what is lost in a shared layer from the
 * disk, all layers at most 1.05 times the machine, and the delta at most 1.1 times what a clean rebuild from the whole
 * archive lacks. Everything lies below build/lost-versions, its own image store included, and is removed at the end.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { readTar } from '../../src/guest/tar/read-tar.js';
import { lossyArchive } from './lossy-archive.js';

const execute = promisify(execFile);
const HERE = new URL('../../', import.meta.url).pathname;
const WORK = join(HERE, 'build/lost-versions');
const PACKAGES = 'nginx-light,curl,openssl,python3-minimal,vim-tiny,cron';
const PORT = 33_127;
const OWN_BYTES = 12_000_000;

const { values } = parseArgs({
  options: { tool: { type: 'string', default: join(HERE, 'bin/run.js') }, keep: { type: 'boolean', default: false } },
});

await rm(WORK, { recursive: true, force: true });
await mkdir(join(WORK, 'own/etc/apt'), { recursive: true });
await mkdir(join(WORK, 'own/srv'));
try {
  const failures = await run();
  for (const failure of failures) console.error(`FAILED ${failure}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  if (!values.keep) await rm(WORK, { recursive: true, force: true });
}

async function run(): Promise<string[]> {
  const { stdout } = await execute(join(HERE, 'images/apt-sources'), ['bullseye', 'security']);
  const [main, security] = stdout.trim().split('\n') as [string, string];
  const [machine, rebuilt] = [join(WORK, 'machine.tar'), join(WORK, 'rebuilt.tar')];
  for (const file of [machine, rebuilt]) {
    const args = ['--quiet', '--variant=minbase', `--include=${PACKAGES}`, '--dpkgopt=force-unsafe-io'];
    await execute('mmdebstrap', [...args, 'bullseye', file, main, security], { timeout: 1_800_000 });
  }
  const installed = await versionsOf(machine);
  const archive = await lossyArchive({
    uri: security.split(' ')[1]!,
    ...{ suite: 'bullseye-security', architecture: 'amd64', port: PORT },
    has: ({ name, version }) => installed.get(name) === version,
  });
  try {
    await writeFile(join(WORK, 'own/etc/apt/sources.list'), `${main}\n${archive.line}\n`);
    await writeFile(join(WORK, 'own/srv/data'), Buffer.alloc(OWN_BYTES, createHash('sha256').update('own').digest()));
    const owner = ['--owner=0', '--group=0', '--numeric-owner'];
    const own = ['./etc/apt/sources.list', './srv/data'];
    await execute('tar', ['--append', ...owner, '-f', machine, '-C', join(WORK, 'own'), ...own]);
    const report = await convert(machine);
    return check(report, archive.lost, await bytesBeyond(machine, rebuilt));
  } finally {
    await archive.close();
  }
}

interface Report {
  readonly verifications: readonly { readonly verdict: string; readonly differences: readonly unknown[] }[];
  readonly groups: readonly {
    readonly layers: readonly { readonly kind: string; readonly mode?: string; readonly packages: readonly string[] }[];
    readonly metrics: readonly { basis: string; beta: number; di3: number; phi3: number }[];
  }[];
}

async function convert(machine: string): Promise<Report> {
  const args = ['convert', `lost=${machine}`, '--engine', 'buildah', '--verify', '--json', '-o', join(WORK, 'out')];
  const store = { ...process.env, STORAGE_DRIVER: 'overlay', CONTAINERS_STORAGE_CONF: await ownStore() };
  const { stdout } = await execute(values.tool, args, { env: store, maxBuffer: 1 << 28, timeout: 3_600_000 });
  return JSON.parse(stdout) as Report;
}

async function ownStore(): Promise<string> {
  const file = join(WORK, 'storage.conf');
  const places = `graphroot = "${join(WORK, 'store')}"\nrunroot = "${join(WORK, 'store-run')}"`;
  await writeFile(file, `[storage]\ndriver = "overlay"\n${places}\n`);
  return file;
}

function check(report: Report, lost: readonly string[], beyond: number): string[] {
  const [group] = report.groups;
  const { beta, di3, phi3 } = group!.metrics.find(({ basis }) => basis === 'built')!;
  const fromDisk = group!.layers.filter(({ mode, kind }) => mode === 'disk' && kind === 'packages');
  const count = fromDisk.reduce((sum, { packages }) => sum + packages.length, 0);
  console.log(`lost sources ${lost.length}; packages from the disk ${count}; Φ3/β ${(phi3 / beta).toFixed(3)}`);
  console.log(`DI3 ${di3} bytes; beyond a clean rebuild ${beyond} bytes; ratio ${(di3 / beyond).toFixed(3)}`);
  const isIdentical = report.verifications.every(({ verdict }) => verdict === 'identical');
  return [
    ...(isIdentical ? [] : [`differences: ${JSON.stringify(report.verifications).slice(0, 2000)}`]),
    ...(count >= lost.length && lost.length > 5 ? [] : ['what is lost is in no layer from the disk']),
    ...(phi3 <= 1.05 * beta ? [] : ['the layers are more than 1.05 times the machine']),
    ...(di3 <= 1.1 * beyond ? [] : ['the delta is more than 1.1 times what a clean rebuild lacks']),
  ];
}

async function versionsOf(archive: string): Promise<Map<string, string>> {
  const { stdout } = await execute('tar', ['-xOf', archive, './var/lib/dpkg/status'], { maxBuffer: 1 << 28 });
  const field = (stanza: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
  return new Map(stdout.split('\n\n').map((stanza) => [field(stanza, 'Package'), field(stanza, 'Version')]));
}

/** Bytes of the regular files of one archive that the other has not, or with other content. Caches of apt aside. */
async function bytesBeyond(machine: string, rebuilt: string): Promise<number> {
  const known = await contents(rebuilt);
  let bytes = 0;
  for (const [name, { digest, size }] of await contents(machine)) {
    const isLeftOut = /^\.\/(?:var\/(?:cache\/apt|lib\/apt\/lists)|dev|proc|sys|run|boot)\//.test(name);
    if (!isLeftOut && known.get(name)?.digest !== digest) bytes += size;
  }
  return bytes;
}

async function contents(archive: string): Promise<Map<string, { digest: string; size: number }>> {
  const found = new Map<string, { digest: string; size: number }>();
  for await (const member of readTar(createReadStream(archive))) {
    if (member.type !== 'file') continue;
    const hash = createHash('sha256');
    for await (const { data } of member.content) hash.update(data);
    found.set(member.name, { digest: hash.digest('hex'), size: member.size });
  }
  return found;
}
