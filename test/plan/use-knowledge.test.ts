import test from 'ava';
import { type BaseKnowledge, NO_CORRECTIONS } from '../../src/model/base-contents.js';
import type { InspectedMachine } from '../../src/model/inspected.js';
import type { LayerPlan, PlanOptions } from '../../src/model/plan.js';
import { planMachines } from '../../src/plan/plan-machines.js';
import { DEFAULT_OPTIONS, machineOf, type PackageSketch, packageOf } from './machine.js';

const BASH: PackageSketch = { name: 'bash', essential: true, files: { '/usr/bin/bash': 'bash' } };
const NGINX: PackageSketch = {
  name: 'nginx',
  version: '1.22-2',
  depends: 'libssl3, libc6 (>= 2.30)',
  files: { '/usr/sbin/nginx': 'nginx' },
};
const LIBSSL: PackageSketch = { name: 'libssl3', files: { '/usr/lib/libssl.so.3': 'ssl' } };
const LIBC: PackageSketch = { name: 'libc6', version: '2.36-2', files: { '/usr/lib/libc.so.6': 'newer' } };
const GROUP = 'debian-12-amd64';

function layers(
  machines: InspectedMachine | readonly InspectedMachine[],
  knowledge: Partial<BaseKnowledge> & Pick<BaseKnowledge, 'packages'>,
  options: Partial<PlanOptions> = {},
): LayerPlan[] {
  const told = { offered: null, corrections: NO_CORRECTIONS, ...knowledge };
  const list = 'source' in machines ? [machines] : machines;
  const plan = planMachines(list, { ...DEFAULT_OPTIONS, ...options }, new Map([[GROUP, told]]));
  return plan.groups[0]!.layers.filter(({ kind }) => kind === 'packages');
}

const offer = (versions: Readonly<Record<string, string>>): BaseKnowledge['offered'] =>
  new Map(Object.entries(versions).map(([name, version]) => [name, new Set([version])]));

const OLD_LIBC = packageOf({ ...LIBC, version: '2.36-1' });
const MACHINE = machineOf({ packages: [BASH, NGINX, LIBSSL, LIBC] });

test('what the base has in another version is named, pinned, and not taken for done', (t) => {
  const [install, ...more] = layers(MACHINE, { packages: [packageOf(BASH), OLD_LIBC] });
  t.deepEqual(more, []);
  t.deepEqual(install!.install!.named, ['libc6', 'nginx']);
  t.deepEqual(
    install!.install!.pins.map(({ packages, version }) => [packages, version]),
    [
      [['libc6'], '2.36-2'],
      [['libssl3'], '1.0-1'],
      [['nginx'], '1.22-2'],
    ],
  );
});

test('what a minimal root should have and the base lacks is installed', (t) => {
  const [install] = layers(MACHINE, { packages: [packageOf(LIBC)] });
  t.true(install!.packages.some(({ name }) => name === 'bash'));
});

test('what the base has and no machine is removed by the layer on the base, but for what is essential', (t) => {
  const extra = [packageOf({ name: 'nano' }), packageOf({ name: 'old-core', essential: true })];
  const base = [packageOf(BASH), packageOf(LIBC), ...extra];
  const other = machineOf({ name: 'other', packages: [BASH, NGINX, LIBSSL, LIBC, { name: 'nano', version: '9' }] });
  t.deepEqual(layers(MACHINE, { packages: base })[0]!.install!.remove, ['nano']);
  t.deepEqual(layers([MACHINE, other], { packages: base })[0]!.install!.remove, []);
});

test('a version that is gone comes from the disk, with what needs it; what the base has in any version carries nobody along', (t) => {
  const offered = offer({ nginx: '1.22-2', libssl3: '1.0-1', libc6: '2.36-3' });
  const [install, disk] = layers(MACHINE, { packages: [packageOf(BASH), OLD_LIBC], offered });
  t.deepEqual(
    install!.packages.map(({ name }) => name),
    ['libssl3', 'nginx'],
  );
  t.deepEqual(install!.install!.named, ['nginx']);
  t.deepEqual(
    disk!.packages.map(({ name }) => name),
    ['libc6'],
  );
  t.is(disk!.mode, 'disk');
  t.is(disk!.parent, install!.id);

  const withoutSsl = offer({ nginx: '1.22-2', libssl3: '2.0', libc6: '2.36-2' });
  const [change, lost] = layers(MACHINE, { packages: [packageOf(BASH), OLD_LIBC], offered: withoutSsl });
  t.deepEqual(
    change!.packages.map(({ name }) => name),
    ['libc6'],
  );
  t.deepEqual(
    lost!.packages.map(({ name }) => name),
    ['libssl3', 'nginx'],
  );
});

test('--packages install takes another version where one is offered, without a pin, and the disk where none is', (t) => {
  const offered = offer({ nginx: '1.22-9', libssl3: '1.0-1' });
  const base = [packageOf(BASH), packageOf(LIBC)];
  const [install] = layers(MACHINE, { packages: base, offered }, { packages: 'install' });
  t.deepEqual(
    install!.packages.map(({ name }) => name),
    ['libssl3', 'nginx'],
  );
  t.deepEqual(
    install!.install!.pins.map(({ packages }) => packages),
    [['libssl3']],
  );

  const nothing = offer({ libssl3: '1.0-1' });
  const [first, second] = layers(MACHINE, { packages: base, offered: nothing }, { packages: 'install' });
  t.deepEqual(
    first!.packages.map(({ name }) => name),
    ['libssl3'],
  );
  t.deepEqual(
    second!.packages.map(({ name }) => name),
    ['nginx'],
  );
});

for (const architecture of ['all', 'noarch', 'any']) {
  test(`what is for every architecture, here "${architecture}", is asked for by its plain name`, (t) => {
    const machine = machineOf({ packages: [BASH, { ...LIBSSL, architecture }] });
    const offered = offer({ libssl3: '1.0-1' });
    const [install, ...more] = layers(machine, { packages: [packageOf(BASH)], offered });
    t.deepEqual(more, []);
    t.deepEqual([install!.mode, install!.install!.named], ['install', ['libssl3']]);
  });
}

test('corrections of a simulation are followed: what is named, what comes from the disk, what is removed again', (t) => {
  const corrections = {
    fromDisk: new Map([['libssl3:amd64=1.0-1', 'cannot be installed']]),
    named: new Set<string>(),
    unwanted: new Set(['exim4', 'nginx']),
  };
  const [disk, ...none] = layers(MACHINE, { packages: [packageOf(BASH), packageOf(LIBC)], corrections });
  t.deepEqual(none, []);
  t.deepEqual([disk!.mode, disk!.packages.map(({ name }) => name)], ['disk', ['libssl3', 'nginx']]);

  const named = { ...corrections, fromDisk: new Map<string, string>(), named: new Set(['libssl3:amd64=1.0-1']) };
  const [install] = layers(MACHINE, { packages: [packageOf(BASH), packageOf(LIBC)], corrections: named });
  t.deepEqual(install!.install!.named, ['libssl3', 'nginx']);
  t.deepEqual(install!.install!.remove, ['exim4']);
});

test('what the base left out of its packages is laid down for all machines right above it, and brought by no delta', (t) => {
  const doc = 'd'.repeat(300_000);
  const documented = { ...BASH, files: { '/usr/bin/bash': 'bash', '/usr/share/doc/bash/README': doc } };
  const machines = ['a', 'b'].map((name) => machineOf({ name, packages: [documented, NGINX, LIBSSL] }));
  const known = { packages: [packageOf(BASH)], paths: new Set(['/usr/bin/bash']) };
  const [stripped, install] = layers(machines, known);
  t.deepEqual(stripped!.paths, ['/usr/share/doc/bash/README']);
  t.deepEqual(stripped!.vms, ['a', 'b']);
  t.is(install!.parent, stripped!.id);
  t.deepEqual(
    layers(machines, { ...known, paths: new Set(['/usr/bin/bash', '/usr/share/doc/bash/README']) })[0]!.mode,
    'install',
  );
});

test('what comes in another version is listed by its layer, and the machine is told', (t) => {
  const different = new Map([['nginx:amd64=1.22-2', '1.22-9']]);
  const told = { packages: [packageOf(BASH), packageOf(LIBC)], offered: null, corrections: NO_CORRECTIONS, different };
  const plan = planMachines([MACHINE], DEFAULT_OPTIONS, new Map([[GROUP, told]]));
  const install = plan.groups[0]!.layers.find((layer) => layer.install !== undefined)!.install!;
  t.deepEqual(install.different, [{ name: 'nginx', wanted: '1.22-2', installed: '1.22-9' }]);
  t.true(
    plan.machines[0]!.fit.some(({ rule, message }) => rule === 'other-versions' && message.includes('nginx 1.22-9')),
  );
});

test("what a machine has is never removed, though the base has another version and the disk brings the machine's", (t) => {
  const offered = offer({ nginx: '1.22-2', libssl3: '1.0-1' });
  const needy = { ...NGINX, depends: 'libssl3, libc6 (>= 2.36-2)' };
  const machine = machineOf({ packages: [BASH, needy, LIBSSL, LIBC] });
  for (const layer of layers(machine, { packages: [packageOf(BASH), OLD_LIBC], offered })) {
    t.deepEqual(layer.install?.remove ?? [], []);
  }
});

test('what a root of our own has in a version that the archive replaced lies right above it, and is told apart from other bases', (t) => {
  const libc = { ...LIBC, files: { '/usr/lib/libc.so.6': 'n'.repeat(100_000) } };
  const machines = ['a', 'b'].map((name) => machineOf({ name, packages: [BASH, NGINX, LIBSSL, libc] }));
  const offered = offer({ nginx: '1.22-2', libssl3: '1.0-1', libc6: '2.36-3' });
  const known = { packages: [packageOf(BASH), OLD_LIBC], offered };
  const [replaced, install, ...none] = layers(machines, known, { baseImage: 'bootstrap' });
  t.deepEqual(none, []);
  t.true(replaced!.replacesBase);
  t.deepEqual(replaced!.paths, ['/usr/lib/libc.so.6']);
  t.deepEqual(replaced!.vms, ['a', 'b']);
  t.is(install!.parent, replaced!.id);
  t.deepEqual(
    install!.packages.map(({ name }) => name),
    ['libssl3', 'nginx'],
  );

  // On a base of others, where it can be had, in one machine alone, or as little: no such layer.
  const isThere = (list: readonly LayerPlan[]): boolean => list.some(({ replacesBase }) => replacesBase === true);
  t.false(isThere(layers(machines, known)));
  const had = { ...known, offered: offer({ nginx: '1.22-2', libssl3: '1.0-1', libc6: '2.36-2' }) };
  t.false(isThere(layers(machines, had, { baseImage: 'bootstrap' })));
  const other = machineOf({ name: 'c', packages: [BASH, { ...libc, version: '2.36-0' }] });
  t.false(isThere(layers([...machines, other], known, { baseImage: 'bootstrap' })));
  const large = { ...NGINX, files: { '/usr/sbin/nginx': 'x'.repeat(10_000_000) } };
  const lone = machineOf({ packages: [BASH, large, LIBSSL, libc] });
  t.false(isThere(layers(lone, known, { baseImage: 'bootstrap' })));
});

test('where packages lie from the disk, what package managers note of all goes with the topmost, as far as nothing is installed on it', (t) => {
  const files = { '/var/lib/dpkg/status': 's'.repeat(1000), '/var/cache/debconf/config.dat': 'answers' };
  const offered = offer({ nginx: '1.22-9', libssl3: '1.0-1', libc6: '2.36-2' });
  const base = [packageOf(BASH), packageOf(LIBC)];
  const machine = machineOf({ packages: [BASH, NGINX, LIBSSL, LIBC], files });
  const [, disk] = layers(machine, { packages: base, offered });
  t.deepEqual(disk!.paths, ['/usr/sbin/nginx', '/var/lib/dpkg/status']);

  const other = machineOf({
    name: 'other',
    packages: [BASH, NGINX, LIBSSL, LIBC],
    files: { '/var/lib/dpkg/status': 'o' },
  });
  const [, shared] = layers([machine, other], { packages: base, offered });
  t.deepEqual(shared!.paths, ['/usr/sbin/nginx']);
  const all = offer({ nginx: '1.22-2', libssl3: '1.0-1', libc6: '2.36-2' });
  t.true(layers(machine, { packages: base, offered: all }).every(({ paths }) => paths === undefined));
});

test('what an interpreter compiled of its library goes with the interpreter, which alone compiles it', (t) => {
  const pyc = '/usr/lib/python3.11/__pycache__/abc.cpython-311.pyc';
  const library = { name: 'libpython3.11-minimal', files: { '/usr/lib/python3.11/abc.py': 'source' } };
  const python = { name: 'python3.11-minimal', version: '2', files: { '/usr/bin/python3.11': 'python' } };
  const machine = machineOf({ packages: [BASH, library, python], files: { [pyc]: 'compiled' } });
  const offered = offer({ 'libpython3.11-minimal': '1.0-1', 'python3.11-minimal': '3' });
  const [install, disk] = layers(machine, { packages: [packageOf(BASH)], offered });
  t.deepEqual(
    install!.packages.map(({ name }) => name),
    ['libpython3.11-minimal'],
  );
  t.deepEqual(disk!.paths, ['/usr/bin/python3.11', pyc]);
});
