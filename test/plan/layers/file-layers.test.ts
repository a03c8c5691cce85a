import test from 'ava';
import fc from 'fast-check';
import type { MemoryNode } from '../../../src/guest/memory/memory-guest.js';
import type { InspectedMachine } from '../../../src/model/inspected.js';
import type { GroupPlan, PlanOptions } from '../../../src/model/plan.js';
import { layerEntries } from '../../../src/plan/layer-entries.js';
import { planMachines } from '../../../src/plan/plan-machines.js';
import { DEFAULT_OPTIONS, machineOf } from '../machine.js';

const SCRATCH: Partial<PlanOptions> = { baseImage: 'scratch', packages: 'disk' };
const BIG = 'x'.repeat(300_000);
const PACKAGES = [
  { name: 'bash', essential: true, files: { '/usr/bin/bash': 'bash' } },
  { name: 'nginx', files: { '/usr/sbin/nginx': 'n'.repeat(100_000), '/etc/nginx.conf': 'original' } },
];

function clone(name: string, files: Readonly<Record<string, MemoryNode>>, quick = false): InspectedMachine {
  return machineOf({ name, packages: PACKAGES, files, quick });
}

function groupOf(machines: readonly InspectedMachine[], options: Partial<PlanOptions> = SCRATCH): GroupPlan {
  const [group] = planMachines(machines, { ...DEFAULT_OPTIONS, ...options }).groups;
  return group!;
}

/** `machines: paths` of each file layer. */
function fileLayersOf(group: GroupPlan): string[] {
  return group.layers
    .filter(({ kind }) => kind === 'files')
    .map(({ vms, paths }) => `${vms.join('+')}: ${paths!.filter((path) => path.startsWith('/srv/')).join(' ')}`);
}

test('clones share what they have in common above their packages, and each delta holds the rest', (t) => {
  const machines = ['a', 'b', 'c'].map((name) => clone(name, { '/srv/app': BIG, '/srv/name': name }));
  const group = groupOf(machines);
  t.deepEqual(fileLayersOf(group), ['a+b+c: /srv/app']);
  const deltas = group.layers.filter(({ kind }) => kind === 'delta');
  t.deepEqual(
    deltas.map(({ paths }) => paths!.filter((path) => path.startsWith('/srv/'))),
    [['/srv/name'], ['/srv/name'], ['/srv/name']],
  );
  t.true(group.stored.tree < group.stored.levels2);
});

test('what only some clones share lies above what all share', (t) => {
  const machines = [
    clone('a', { '/srv/all': BIG, '/srv/two': `${BIG}2` }),
    clone('b', { '/srv/all': BIG, '/srv/two': `${BIG}2` }),
    clone('c', { '/srv/all': BIG }),
  ];
  const group = groupOf(machines);
  t.deepEqual(fileLayersOf(group), ['a+b+c: /srv/all', 'a+b: /srv/two']);
  const [all, two] = group.layers.filter(({ kind }) => kind === 'files');
  t.is(two!.parent, all!.id);
});

const differs = test.macro({
  exec(t, other: MemoryNode) {
    const machines = [
      clone('a', { '/srv/app': { content: BIG, mode: 0o644, mtime: 5 }, '/srv/anchor': BIG }),
      clone('b', { '/srv/app': other, '/srv/anchor': BIG }),
    ];
    t.deepEqual(fileLayersOf(groupOf(machines)), ['a+b: /srv/anchor']);
  },
  title: (what) => `a file that differs in ${what} alone is not shared`,
});
test('content', differs, { content: `${BIG.slice(1)}y`, mode: 0o644, mtime: 5 });
test('mode', differs, { content: BIG, mode: 0o600, mtime: 5 });
test('time', differs, { content: BIG, mode: 0o644, mtime: 6 });
test('owner', differs, { content: BIG, mode: 0o644, mtime: 5, uid: 7 });

test('the names of one file are shared together or not at all', (t) => {
  const linked = { '/srv/app': BIG, '/srv/link': { linkTo: '/srv/app' } };
  t.deepEqual(fileLayersOf(groupOf([clone('a', linked), clone('b', linked)])), ['a+b: /srv/app /srv/link']);
  const apart = { '/srv/app': BIG, '/srv/link': BIG };
  t.deepEqual(fileLayersOf(groupOf([clone('a', linked), clone('b', apart)])), []);
});

test('a folder above shared files that differs is mended by the delta', (t) => {
  const machines = [1, 2].map((mtime) =>
    clone(`m${mtime}`, { '/srv/data': { type: 'directory', mtime }, '/srv/data/app': BIG }),
  );
  const group = groupOf(machines);
  t.deepEqual(fileLayersOf(group), ['m1+m2: /srv/data/app']);
  const delta = group.layers.at(-1)!;
  t.true(delta.paths!.includes('/srv/data'));
  t.like(
    layerEntries(machines[1]!, delta).find(({ path }) => path === '/srv/data'),
    { mtime: 2 },
  );
});

test('machines with other packages, and the levels of the thesis, have no file layers', (t) => {
  const files = { '/srv/app': BIG };
  const other = machineOf({
    name: 'b',
    packages: [...PACKAGES, { name: 'git', files: { '/usr/bin/git': BIG } }],
    files,
  });
  t.deepEqual(fileLayersOf(groupOf([clone('a', files), other])), []);
  for (const levels of [0, 2]) {
    t.deepEqual(fileLayersOf(groupOf([clone('a', files), clone('b', files)], { ...SCRATCH, levels })), []);
  }
});

test('above an installation only what is the machines’ own is shared', (t) => {
  const files = { '/srv/app': BIG, '/etc/ld.so.cache': BIG };
  const group = groupOf([clone('a', files), clone('b', files)], {});
  t.deepEqual(fileLayersOf(group), ['a+b: /srv/app']);
  t.false(group.layers.find(({ kind }) => kind === 'files')!.paths!.includes('/etc/ld.so.cache'));
});

test('a quick analysis expects what is as large and as old to be the same', (t) => {
  const files = { '/srv/app': { content: BIG, mtime: 5 } };
  t.deepEqual(fileLayersOf(groupOf([clone('a', files, true), clone('b', files, true)])), ['a+b: /srv/app']);
});

test('a least size of layers holds for file layers, too', (t) => {
  const machines = ['a', 'b'].map((name) => clone(name, { '/srv/app': BIG }));
  t.deepEqual(fileLayersOf(groupOf(machines, { ...SCRATCH, minLayerSize: 1_000_000 })), []);
});

test('the id of a file layer depends on what it holds, not on the run', (t) => {
  const idOf = (names: readonly string[], text: string) =>
    groupOf(names.map((name) => clone(name, { '/srv/app': text }))).layers.find(({ kind }) => kind === 'files')!.id;
  t.is(idOf(['a', 'b'], BIG), idOf(['c', 'd', 'e'], BIG));
  t.not(idOf(['a', 'b'], BIG), idOf(['a', 'b'], `${BIG}!`));
});

test('property: laid down in order, the layers of each clone are exactly the clone', (t) => {
  const node = fc.record({ text: fc.nat(2), mode: fc.constantFrom(0o644, 0o600), mtime: fc.nat(1) });
  const fleet = fc.array(
    fc.dictionary(fc.constantFrom('/srv/a', '/srv/b', '/srv/d/e', '/srv/d/f', '/var/lib/g', '/opt/h'), node, {
      maxKeys: 6,
    }),
    { minLength: 2, maxLength: 5 },
  );
  const check = () =>
    fc.assert(
      fc.property(fleet, (sketches) => {
        const machines = sketches.map((files, number) =>
          clone(
            `m${number}`,
            Object.fromEntries(
              Object.entries(files).map(([path, { text, mode, mtime }]) => [
                path,
                { content: `${text}`.repeat(200_000), mode, mtime },
              ]),
            ),
          ),
        );
        const { layers } = groupOf(machines);
        for (const machine of machines) {
          const laid = new Map<string, unknown>();
          for (const layer of layers.filter(({ vms }) => vms.includes(machine.source.name))) {
            const source = machines.find(({ source: { name } }) => name === layer.vms[0])!;
            for (const entry of layerEntries(source, layer)) {
              laid.set(entry.path, [entry.mode, entry.mtime, source.files.digests.get(entry.path)?.sha256]);
            }
          }
          // Engines drop the root from layers (decisions 15).
          const wanted = [...machine.files.records]
            .filter(([path]) => path !== '/')
            .map(([path, { entry }]) => [path, [entry.mode, entry.mtime, machine.files.digests.get(path)?.sha256]]);
          const found = [...laid].filter(([path]) => path !== '/').sort(([a], [b]) => (a < b ? -1 : 1));
          const sorted = wanted.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
          if (JSON.stringify(found) !== JSON.stringify(sorted)) throw new Error(JSON.stringify([found, sorted]));
        }
      }),
      { numRuns: 60 },
    );
  t.notThrows(check);
});
