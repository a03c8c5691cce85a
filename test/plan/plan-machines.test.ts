import test from 'ava';
import type { InspectedMachine } from '../../src/model/inspected.js';
import type { LayerPlan, PlanOptions } from '../../src/model/plan.js';
import { layerEntries } from '../../src/plan/layer-entries.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { DEFAULT_OPTIONS, machineOf, type PackageSketch } from './machine.js';

const SCRATCH: Partial<PlanOptions> = { baseImage: 'scratch', packages: 'disk' };

function plan(machines: readonly InspectedMachine[], options: Partial<PlanOptions> = {}) {
  return planMachines(machines, { ...DEFAULT_OPTIONS, ...options });
}

function layersOf(machine: InspectedMachine, options: Partial<PlanOptions> = {}): LayerPlan[] {
  return [...plan([machine], options).groups[0]!.layers];
}

const BASH: PackageSketch = { name: 'bash', essential: true, files: { '/usr/bin/bash': 'bash' } };
const NGINX: PackageSketch = {
  name: 'nginx',
  depends: 'libssl3',
  files: { '/usr/sbin/nginx': 'nginx', '/etc/nginx/nginx.conf': 'original' },
};
const LIBSSL: PackageSketch = { name: 'libssl3', files: { '/usr/lib/libssl.so.3': 'ssl' } };

test('from scratch the layers are base, packages, delta, and each path lies in exactly one', (t) => {
  const machine = machineOf({
    packages: [BASH, NGINX, LIBSSL],
    changed: { '/etc/nginx/nginx.conf': 'edited' },
    files: { '/srv/data': 'x', '/proc/1': 'y' },
    excluded: { '/proc/1': 'volatile' },
  });
  const layers = layersOf(machine, SCRATCH);
  t.deepEqual(
    layers.map(({ kind }) => kind),
    ['base', 'packages', 'delta'],
  );
  t.deepEqual(layers[0]!.paths, ['/usr/bin/bash']);
  t.deepEqual(layers[1]!.paths, ['/usr/lib/libssl.so.3', '/usr/sbin/nginx']);
  const files = layers.flatMap((layer) => layerEntries(machine, layer)).filter(({ type }) => type !== 'directory');
  t.deepEqual(files.map(({ path }) => path).sort(), [
    '/bin',
    '/etc/nginx/nginx.conf',
    '/srv/data',
    '/usr/bin/bash',
    '/usr/lib/libssl.so.3',
    '/usr/sbin/nginx',
  ]);
});

test('from scratch the layers add up to the bare machine', (t) => {
  const machine = machineOf({ packages: [BASH, NGINX, LIBSSL], files: { '/srv/data': 'xyz' } });
  const { groups, machines } = plan([machine], SCRATCH);
  const [metrics] = groups[0]!.metrics;
  t.is(metrics!.phi3, machines[0]!.sizes.bare);
  t.is(metrics!.di2, 0);
  t.true(groups[0]!.layers.every(({ size }) => size.interval === undefined));
});

test('archives carry the folders above their paths, with the metadata of the disk', (t) => {
  const machine = machineOf({
    packages: [NGINX, LIBSSL],
    files: { '/etc/nginx': { type: 'directory', mode: 0o750, mtime: 99 } },
  });
  const entries = layerEntries(machine, layersOf(machine, SCRATCH)[1]!);
  // The root belongs to the engine.
  t.is(entries[0]!.path, '/etc');
  t.like(
    entries.find(({ path }) => path === '/etc/nginx'),
    { mode: 0o750, mtime: 99 },
  );
});

test('hard links with a changed or foreign name go to the delta with all their names', (t) => {
  const machine = machineOf({
    packages: [
      { name: 'git', files: { '/usr/bin/git': 'git', '/usr/bin/git-add': { linkTo: '/usr/bin/git' } } },
      { name: 'perl', files: { '/usr/bin/perl': 'perl' } },
    ],
    files: { '/usr/local/bin/perl': { linkTo: '/usr/bin/perl' } },
  });
  const [, packages, delta] = layersOf(machine, SCRATCH);
  t.deepEqual(packages!.paths, ['/usr/bin/git', '/usr/bin/git-add']);
  t.true(delta!.paths!.includes('/usr/bin/perl'));
  t.true(delta!.paths!.includes('/usr/local/bin/perl'));
});

test('what a layer cannot hold is listed with its reason', (t) => {
  const machine = machineOf({
    files: {
      '/run/s': { type: 'socket' },
      '/srv/.wh.x': 'x',
      '/dev/whiteout': { type: 'character', device: { major: 0, minor: 0 } },
    },
  });
  const { machines, groups } = plan([machine], SCRATCH);
  t.deepEqual(machines[0]!.unrepresentable.map(({ path }) => path).sort(), ['/dev/whiteout', '/run/s', '/srv/.wh.x']);
  t.false(groups[0]!.layers.at(-1)!.paths!.some((path) => path === '/run/s'));
});

test('with an archive the packages are installed, and the delta leaves out what is as packaged', (t) => {
  const machine = machineOf({
    packages: [BASH, NGINX, LIBSSL],
    changed: { '/etc/nginx/nginx.conf': 'edited' },
    files: { '/srv/data': 'x' },
    missing: [{ path: '/usr/share/doc/nginx/copyright', owner: 'nginx:amd64', configuration: false }],
  });
  const [base, packages, delta] = layersOf(machine);
  t.is(base!.kind, 'base');
  t.is(packages!.mode, 'install');
  t.deepEqual(packages!.install!.named, ['nginx']);
  t.deepEqual(packages!.install!.reduction, { before: 2, after: 1 });
  const files = delta!.paths!.filter((path) => machine.files.records.get(path)!.entry.type === 'file');
  t.deepEqual(files, ['/etc/nginx/nginx.conf', '/srv/data']);
  t.deepEqual(delta!.deletions, ['/usr/share/doc/nginx/copyright']);
});

test('a version that is gone is laid down from the disk with all that needs it', (t) => {
  const machine = machineOf({
    packages: [BASH, NGINX, { ...LIBSSL, available: false }, { name: 'curl', files: { '/usr/bin/curl': 'curl' } }],
  });
  const layers = layersOf(machine).filter(({ kind }) => kind === 'packages');
  t.deepEqual(
    layers.map(({ mode, packages }) => [mode, packages.map(({ name }) => name)]),
    [
      ['install', ['curl']],
      ['disk', ['libssl3', 'nginx']],
    ],
  );
});

test('a gone version of a base package is laid over the base and drags nothing along', (t) => {
  const machine = machineOf({
    packages: [
      { ...BASH, available: false },
      { name: 'app', depends: 'bash', files: { '/usr/bin/app': 'a' } },
    ],
  });
  const layers = layersOf(machine).filter(({ kind }) => kind === 'packages');
  t.deepEqual(
    layers.map(({ mode, packages }) => [mode, packages.map(({ name }) => name)]),
    [
      ['install', ['app']],
      ['disk', ['bash']],
    ],
  );
  t.deepEqual(layers[0]!.install!.remove, []);
});

test('local and third-party packages are laid down from the disk', (t) => {
  const machine = machineOf({
    packages: [
      { name: 'own', originKind: 'local', files: { '/opt/own': 'o' } },
      { name: 'docker-ce', originKind: 'third-party', files: { '/usr/bin/dockerd': 'd' } },
    ],
  });
  t.deepEqual(
    layersOf(machine).map(({ mode }) => mode),
    [undefined, 'disk', undefined],
  );
});

test('--packages install installs even what is gone; --levels 0 has no package layer', (t) => {
  const machine = machineOf({ packages: [{ ...LIBSSL, available: false }] });
  t.is(layersOf(machine, { packages: 'install' })[1]!.mode, 'install');
  t.deepEqual(
    layersOf(machine, { levels: 0 }).map(({ kind }) => kind),
    ['base', 'delta'],
  );
});

test('the files of a package left out with the kernel go to no package layer', (t) => {
  const machine = machineOf({
    packages: [{ name: 'linux-image-6.1', kernel: true, files: { '/usr/share/doc/linux-image-6.1/copyright': 'c' } }],
  });
  t.deepEqual(
    layersOf(machine, SCRATCH).map(({ kind }) => kind),
    ['base', 'delta'],
  );
});

const CLONES = ['alpha', 'beta', 'gamma'].map((name) =>
  machineOf({ name, packages: [BASH, NGINX, LIBSSL], files: { '/etc/hostname': name } }),
);

test('machines with the same packages share one layer; each delta holds its own files', (t) => {
  const { groups } = plan(CLONES, SCRATCH);
  t.is(groups.length, 1);
  const packages = groups[0]!.layers.filter(({ kind }) => kind === 'packages');
  t.deepEqual(
    packages.map(({ vms }) => vms),
    [['alpha', 'beta', 'gamma']],
  );
  t.is(groups[0]!.layers.filter(({ kind }) => kind === 'delta').length, 3);
  t.true(groups[0]!.stored.tree < groups[0]!.stored.single);
});

test('the order of the machines changes nothing', (t) => {
  t.deepEqual(plan(CLONES, SCRATCH), plan([...CLONES].reverse(), SCRATCH));
});

test('a packaged file that differs between machines is in no shared layer', (t) => {
  const evil = machineOf({
    name: 'evil',
    packages: [BASH, { ...NGINX, files: { ...NGINX.files, '/usr/sbin/nginx': 'EVIL!' } }, LIBSSL],
  });
  const { groups } = plan([CLONES[0]!, evil], SCRATCH);
  const shared = groups[0]!.layers.find(({ kind, vms }) => kind === 'packages' && vms.length === 2)!;
  t.false(shared.paths!.includes('/usr/sbin/nginx'));
  const deltas = groups[0]!.layers.filter(({ kind }) => kind === 'delta');
  t.true(deltas.every(({ paths }) => paths!.includes('/usr/sbin/nginx')));
});

test('machines whose base packages differ in version still share what needs them', (t) => {
  const machines = ['1.0-1', '1.0-2'].map((version) =>
    machineOf({
      name: `v${version}`,
      packages: [
        { ...BASH, version },
        { name: 'app', depends: 'bash', files: { '/usr/bin/app': 'a'.repeat(200_000) } },
      ],
    }),
  );
  const { groups } = plan(machines, SCRATCH);
  const shared = groups[0]!.layers.filter(({ kind, vms }) => kind === 'packages' && vms.length === 2);
  t.deepEqual(
    shared.flatMap(({ packages }) => packages.map(({ name }) => name)),
    ['app'],
  );
});

test('releases and layouts of /usr are groups of their own', (t) => {
  const split = machineOf({ name: 'split', files: { '/bin': { type: 'directory' } } });
  const old = machineOf({ name: 'old', os: { versionId: '11', codename: 'bullseye' } });
  const ids = plan([CLONES[0]!, split, old], SCRATCH).groups.map(({ id }) => id);
  t.deepEqual(ids, ['debian-11-amd64-merged-usr', 'debian-12-amd64', 'debian-12-amd64-split-usr']);
});

test('without content, a packaged file younger than its installation counts as changed', (t) => {
  const machine = machineOf({
    quick: true,
    packages: [
      {
        name: 'nginx',
        files: { '/usr/sbin/nginx': { content: 'n', mtime: 10 }, '/etc/nginx.conf': { content: 'c', mtime: 500 } },
      },
    ],
    files: { '/var/lib/dpkg/info/nginx.list': { content: '', mtime: 100 } },
  });
  const delta = layersOf(machine).at(-1)!;
  t.true(delta.paths!.includes('/etc/nginx.conf'));
  t.false(delta.paths!.includes('/usr/sbin/nginx'));
});

test('compiled Python counts as made again: in the list of the delta, not in its predicted size', (t) => {
  const machine = machineOf({
    packages: [{ name: 'app', files: { '/usr/lib/python3/app.py': 'x' } }],
    files: { '/usr/lib/python3/__pycache__/app.cpython-311.pyc': 'c'.repeat(1000) },
  });
  const delta = layersOf(machine).at(-1)!;
  t.true(delta.paths!.includes('/usr/lib/python3/__pycache__/app.cpython-311.pyc'));
  t.is(delta.size.interval!.high, 0);
});

test('the id of a layer from the disk depends on what it holds, not on the run and not on versions alone', (t) => {
  const idOf = (names: readonly string[], text: string, mtime = 5) => {
    const packages = [{ name: 'app', files: { '/usr/bin/app': { content: text.repeat(50_000), mtime } } }];
    const machines = names.map((name) => machineOf({ name, packages }));
    const options = { ...DEFAULT_OPTIONS, baseImage: 'scratch', packages: 'disk' as const };
    return planMachines(machines, options).groups[0]!.layers.find(({ packages: held }) => held.length > 0)!.id;
  };
  t.is(idOf(['a', 'b'], 'text'), idOf(['c'], 'text'));
  t.not(idOf(['a'], 'text'), idOf(['a'], 'next'));
  t.not(idOf(['a'], 'text'), idOf(['a'], 'text', 6));
});
