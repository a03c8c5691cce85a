/**
 * Fleets converted with buildah, once in as many levels as pay and once in the thesis's two; what they store is counted
 * from the layers themselves, in an OCI layout, and compared with what was predicted:
 *
 *     npx tsx test/e2e/fleet.ts [--tool bin/run.js] [--keep] [FLEET...]
 *
 * As root, after `make build`. The machines of most fleets are small roots that dpkg installed (from packages made here,
 * of random bytes); those of `install` are Debian's. Everything lies below build/fleets, its own image store included,
 * and is removed at the end.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const execute = promisify(execFile);
const HERE = new URL('../../', import.meta.url).pathname;
const WORK = join(HERE, 'build/fleets');
const MIB = 1024 * 1024;
const EMPTY_TAR = 1024;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tool: { type: 'string', default: join(HERE, 'bin/run.js') }, keep: { type: 'boolean', default: false } },
});

interface Machine {
  readonly release: string;
  /** Name of each package, its size in MiB, and a version where it is not 1. */
  readonly packages: Readonly<Record<string, readonly [number, string?]>>;
  /** Files of its own: path → text. Bytes that are the same everywhere come with `@SIZE`. */
  readonly files: Readonly<Record<string, string>>;
}

const SYSTEM = { base: [3], shell: [1] } as const;
const debian = (packages: Machine['packages'], files: Machine['files'] = {}, release = '12'): Machine => ({
  release,
  packages: { ...SYSTEM, ...packages },
  files,
});

const FLEETS: Readonly<Record<string, Readonly<Record<string, Machine>>>> = {
  'share-most': {
    web: debian({ runtime: [4], library: [2], web: [1] }),
    app: debian({ runtime: [4], library: [2], app: [2] }),
    db: debian({ runtime: [4], db: [3] }),
  },
  'but-for-one': {
    small: debian({}),
    full: debian({ runtime: [4], library: [2], web: [1] }),
    'full-ruby': debian({ runtime: [4], library: [2], web: [1], ruby: [1] }),
  },
  clones: Object.fromEntries(
    Array.from({ length: 5 }, (_, number) => [
      `clone-${number}`,
      debian(
        { runtime: [4] },
        { 'etc/hostname': `clone-${number}`, 'srv/application': '@3', [`srv/own-${number}`]: `${number}` },
      ),
    ]),
  ),
  'other-versions': {
    old: debian({ runtime: [4, '1'], library: [2] }),
    new: debian({ runtime: [4, '2'], library: [2] }),
    newer: debian({ runtime: [4, '2'], library: [2], app: [2] }),
  },
  releases: {
    bullseye: debian({ runtime: [4] }, {}, '11'),
    bookworm: debian({ runtime: [4] }, {}, '12'),
    trixie: debian({ runtime: [4] }, {}, '13'),
  },
};

interface Report {
  readonly groups: readonly {
    readonly stored: Readonly<Record<'single' | 'levels2' | 'tree', number>>;
    readonly layers: readonly {
      readonly id: string;
      readonly kind: string;
      readonly mode?: string;
      readonly vms: readonly string[];
      readonly tar: { readonly predicted: number; readonly built: number };
    }[];
  }[];
}

interface Run {
  readonly report: Report;
  /** Bytes of the distinct layers of all machines' images. */
  readonly counted: number;
}

/** The same bytes on every machine, made once. */
let shared: Buffer | undefined;

const failures: string[] = [];
function expect(holds: boolean, what: string): void {
  process.stdout.write(`  ${holds ? 'ok  ' : 'FAIL'} ${what}\n`);
  if (!holds) failures.push(what);
}

process.umask(0o022);
await rm(WORK, { recursive: true, force: true });
await mkdir(join(WORK, 'store'), { recursive: true });
const store = join(WORK, 'store');
const graph = `driver = "overlay"\ngraphroot = "${store}/graph"\nrunroot = "${store}/run"\n`;
await writeFile(join(store, 'storage.conf'), `[storage]\n${graph}`);
const environment = { ...process.env, CONTAINERS_STORAGE_CONF: join(store, 'storage.conf') };
try {
  const wanted = positionals.length === 0 ? [...Object.keys(FLEETS), 'install'] : positionals;
  for (const name of wanted) {
    process.stdout.write(`${name}\n`);
    if (name === 'install') await installedFleet();
    else await diskFleet(name);
  }
} finally {
  if (!values.keep) await rm(WORK, { recursive: true, force: true });
}
if (failures.length > 0) process.exitCode = 1;

async function diskFleet(name: string): Promise<void> {
  const machines = FLEETS[name];
  if (machines === undefined) throw new Error(`there is no fleet ${name}`);
  const roots: string[] = [];
  for (const [vm, machine] of Object.entries(machines)) roots.push(await smallRoot(`${name}/${vm}`, machine));
  const options = ['--packages', 'disk', '--base-image', 'scratch'];
  const tree = await convert(name, roots, options);
  const fixed = await convert(`${name}-two-levels`, roots, [...options, '--levels', '2']);
  compare(tree, fixed);
  for (const [label, { report, counted }] of Object.entries({ tree, 'two levels': fixed })) {
    const off = layersOf(report).filter(({ tar }) => tar.predicted !== tar.built);
    const named = off.map(({ id, tar }) => ` ${id} ${tar.predicted}→${tar.built}`).join();
    expect(off.length === 0, `${label}: every layer is as large as predicted${named}`);
    expect(counted === stored(report, ({ tar }) => tar.predicted), `${label}: and so is the whole`);
  }
  const levels2 = sum(tree.report.groups, ({ stored }) => stored.levels2) - twice(fixed.report);
  expect(levels2 === fixed.counted, `two levels were predicted beside the tree: ${levels2} of ${fixed.counted}`);
}

/** Three machines of Debian 12, of which two are equal but for one package, installed again in layers. */
async function installedFleet(): Promise<void> {
  const builder = join(HERE, 'images/scenarios/build-guest');
  const disks: string[] = [];
  for (const guest of ['minimal', 'small-server', 'small-server-tree']) {
    await execute(builder, [guest, join(HERE, 'build/scenarios')], { timeout: 1_200_000 });
    disks.push(join(HERE, `build/scenarios/${guest}.raw`));
  }
  const options = ['--packages', 'install', '--base-image', 'bootstrap'];
  const tree = await convert('install', disks, options);
  const fixed = await convert('install-two-levels', disks, [...options, '--levels', '2']);
  compare(tree, fixed);
  for (const { id, mode, tar } of layersOf(tree.report)) {
    if (mode !== 'install') continue;
    const off = Math.abs(tar.predicted - tar.built);
    expect(off <= Math.max(1_000_000, tar.built * 0.03), `${id}: predicted ${tar.predicted}, built ${tar.built}`);
  }
}

function compare(tree: Run, fixed: Run): void {
  const { single } = tree.report.groups.reduce((all, { stored }) => ({ single: all.single + stored.single }), {
    single: 0,
  });
  process.stdout.write(`       stored: single ${single}, two levels ${fixed.counted}, tree ${tree.counted}\n`);
  expect(tree.counted <= fixed.counted, 'the tree stores no more than two levels, counted from the layers');
  for (const { report, counted } of [tree, fixed]) {
    expect(counted === stored(report, ({ tar }) => tar.built), 'what the report calls built is what the layers have');
  }
}

/** What the layers of a report take: those without content are all the same one. */
function stored(report: Report, of: (layer: Report['groups'][number]['layers'][number]) => number): number {
  return sum(layersOf(report), of) - twice(report);
}

/** Bytes of the empty layers beyond the first. */
function twice(report: Report): number {
  const empty = layersOf(report).filter(({ tar }) => tar.built === EMPTY_TAR);
  return Math.max(0, empty.length - 1) * EMPTY_TAR;
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function layersOf(report: Report): Report['groups'][number]['layers'] {
  return report.groups.flatMap(({ layers }) => layers);
}

/** @throws when the tool fails or finds a difference: every image is compared with its machine. */
async function convert(name: string, machines: readonly string[], options: readonly string[]): Promise<Run> {
  const output = join(WORK, 'out', name);
  const args = [values.tool, 'convert', ...machines, '-o', output, '--engine', 'buildah', '--verify'];
  await execute(process.execPath, [...args, '--reader', 'native', ...options], {
    env: environment,
    maxBuffer: 64 * MIB,
    timeout: 1_200_000,
  });
  const report = JSON.parse(await readFile(join(output, 'report.json'), 'utf8')) as Report;
  const layout = join(WORK, 'layouts', name);
  await mkdir(dirname(layout), { recursive: true });
  // Plain tars in one layout: a layer that several images have is one file.
  for (const vm of await readdir(join(output, 'vms'))) {
    const place = `oci:${layout}:${vm}`;
    await execute('buildah', ['push', '--quiet', '--disable-compression', `localhost/vm2docker/${vm}`, place], {
      env: environment,
    });
  }
  const counted = await layerBytes(layout);
  await rm(layout, { recursive: true });
  await rm(output, { recursive: true });
  return { report, counted };
}

async function layerBytes(layout: string): Promise<number> {
  const document = async (digest: string): Promise<string> =>
    readFile(join(layout, 'blobs', digest.replace(':', '/')), 'utf8');
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  const layers = new Set<string>();
  for (const { digest } of index.manifests) {
    const manifest = JSON.parse(await document(digest)) as { layers: { digest: string }[] };
    for (const layer of manifest.layers) layers.add(layer.digest);
  }
  let bytes = 0;
  for (const digest of layers) {
    const blob = await readFile(join(layout, 'blobs', digest.replace(':', '/')));
    // buildah packs them, whatever it is told.
    bytes += blob[0] === 0x1f && blob[1] === 0x8b ? gunzipSync(blob).length : blob.length;
  }
  return bytes;
}

/** A root that dpkg filled: its database is the real one, and the packages run no scripts. */
async function smallRoot(name: string, { release, packages, files }: Machine): Promise<string> {
  const root = join(WORK, 'roots', name);
  for (const folder of ['usr/bin', 'etc', 'var/lib/dpkg/info', 'var/lib/dpkg/updates', 'srv']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await writeFile(join(root, 'var/lib/dpkg/status'), '');
  await execute('ln', ['-s', 'usr/bin', join(root, 'bin')]);
  const osRelease = `ID=debian\nVERSION_ID="${release}"\nPRETTY_NAME="Debian GNU/Linux ${release}"\n`;
  await writeFile(join(root, 'etc/os-release'), osRelease);
  for (const [each, [size, version = '1']] of Object.entries(packages)) {
    const archive = await debOf(each, version, release, size);
    await execute('dpkg', [`--root=${root}`, '--force-depends', '--log=/dev/null', '--install', archive]);
  }
  for (const [path, text] of Object.entries(files)) {
    const content = text.startsWith('@') ? await sharedBytes(Number(text.slice(1))) : Buffer.from(text);
    await writeFile(join(root, path), content);
  }
  // A clone has the times of what it was cloned from.
  await execute('find', [root, '-depth', '-exec', 'touch', '-h', '-d', '@1700000000', '{}', '+']);
  return root;
}

/** Every release builds its own. */
async function debOf(name: string, version: string, release: string, size: number): Promise<string> {
  const archive = join(WORK, 'debs', `${release}-${name}_${version}_amd64.deb`);
  if (await stat(archive).catch(() => null)) return archive;
  const root = join(WORK, 'debs', `${release}-${name}_${version}`);
  await mkdir(join(root, 'DEBIAN'), { recursive: true });
  await mkdir(join(root, 'usr/share', name), { recursive: true });
  const control = `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\nMaintainer: A Test <test@example.org>\nDescription: random bytes\n`;
  await writeFile(join(root, 'DEBIAN/control'), control);
  const path = `usr/share/${name}/data`;
  await execute('sh', ['-euc', 'head -c "$1" /dev/urandom > "$2"', 'sh', String(size * MIB), join(root, path)]);
  // Names beyond ASCII and beyond a hundred bytes, links of both kinds: what archives store in headers of their own.
  await cp(join(root, path), join(root, 'usr/share', name, `${'Főtanúsítvány-'.repeat(4)}.crt`));
  const long = join(root, 'usr/share', name, `${'a-long-name-'.repeat(12)}end`);
  await writeFile(long, name);
  await execute('ln', [long, join(root, 'usr/share', name, 'second')]);
  await execute('ln', ['-s', `../${name}/data`, join(root, 'usr/share', name, 'link')]);
  const sums = await execute('sh', ['-euc', 'cd "$1" && find usr -type f -exec md5sum {} +', 'sh', root]);
  await writeFile(join(root, 'DEBIAN/md5sums'), sums.stdout);
  await execute('dpkg-deb', ['--root-owner-group', '-Znone', '--build', root, archive]);
  return archive;
}

async function sharedBytes(mebibytes: number): Promise<Buffer> {
  const made = await execute('head', ['-c', String(mebibytes * MIB), '/dev/urandom'], {
    encoding: 'buffer',
    maxBuffer: 64 * MIB,
  });
  shared ??= made.stdout;
  return shared;
}
