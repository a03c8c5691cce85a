import test from 'ava';
import fc from 'fast-check';
import type { InspectedMachine } from '../../../src/model/inspected.js';
import type { PlanOptions } from '../../../src/model/plan.js';
import { planMachines } from '../../../src/plan/plan-machines.js';
import { compressedSize } from '../../../src/plan/sizing/compression.js';
import { sizeMachines } from '../../../src/plan/sizing/size-machines.js';
import { largestTrees } from '../../../src/plan/sizing/trees.js';
import { DEFAULT_OPTIONS, machineOf } from '../machine.js';

const SCRATCH: Partial<PlanOptions> = { baseImage: 'scratch', packages: 'disk' };

function sizingOf(machines: readonly InspectedMachine[], options = SCRATCH) {
  return sizeMachines(planMachines(machines, { ...DEFAULT_OPTIONS, ...options }), machines);
}

const text = (length: number, letter = 'x'): string => letter.repeat(length);

test('apparent bytes count a hard-link group once, and packages, caches, logs and data are told apart', (t) => {
  const machine = machineOf({
    packages: [
      { name: 'small', files: { '/usr/bin/small': text(100) } },
      { name: 'big', files: { '/usr/bin/big': text(9000), '/usr/bin/big2': { linkTo: '/usr/bin/big' } } },
    ],
    files: {
      '/var/cache/man/index.db': text(300),
      '/home/ann/.cache/thumb': text(20),
      '/var/log/syslog': text(500),
      '/srv/shop': text(700),
    },
  });
  const [sizing] = sizingOf([machine]).machines;
  t.is(sizing!.apparent, 100 + 9000 + 300 + 20 + 500 + 700);
  t.deepEqual(sizing!.packages, [
    { name: 'big:amd64', size: 9000 },
    { name: 'small:amd64', size: 100 },
  ]);
  t.is(sizing!.caches.size, 320);
  t.deepEqual(sizing!.logs, { size: 500, largest: [{ name: '/var/log/syslog', size: 500 }] });
});

test('a tree that is hardly more than one of its folders is left out for it', (t) => {
  const { entries } = {
    entries: [
      ...machineOf({ files: { '/a/b/c/x': text(900), '/a/b/c/y': text(50), '/a/z': text(50) } }).files.records.values(),
    ].map(({ entry }) => entry),
  };
  t.deepEqual(
    largestTrees(
      entries.filter(({ type }) => type === 'file'),
      5,
    ),
    [{ name: '/a/b/c', size: 950 }],
  );
});

test('what is packed already shrinks no further, and holes count nothing', (t) => {
  const sizeOf = (path: string, allocated = 1000): number =>
    compressedSize({
      ...[...machineOf({ files: { [path]: text(1000) } }).files.records.values()].at(-1)!.entry,
      path,
      allocated,
    });
  t.is(sizeOf('/usr/share/doc/x/changelog.gz'), 1000);
  t.true(sizeOf('/usr/share/x.txt') < 400);
  t.is(sizeOf('/srv/disk.img', 0), 0);
});

test('duplicates count across machines, and those that layers do not share are listed with their places', (t) => {
  const packages = [{ name: 'nginx', files: { '/usr/sbin/nginx': text(100_000, 'n') } }];
  const machines = [
    machineOf({ name: 'a', packages, files: { '/srv/one': text(50_000), '/srv/tiny': 'x' } }),
    machineOf({ name: 'b', packages, files: { '/opt/other': text(50_000), '/opt/tiny': 'x' } }),
  ];
  const { duplicates } = sizingOf(machines);
  t.is(duplicates!.identical, 150_000);
  t.is(duplicates!.unshared, 50_000);
  t.deepEqual(
    duplicates!.largest.map(({ size, places }) => [size, places]),
    [
      [
        50_000,
        [
          { vm: 'a', path: '/srv/one' },
          { vm: 'b', path: '/opt/other' },
        ],
      ],
    ],
  );
});

test('above an installation what it makes again is no duplicate', (t) => {
  const machines = ['a', 'b'].map((name) => machineOf({ name, files: { '/etc/ld.so.cache': text(50_000) } }));
  t.is(sizingOf(machines, {}).duplicates!.unshared, 0);
});

test('without content nothing is known of duplicates', (t) => {
  t.is(sizingOf([machineOf({ quick: true })]).duplicates, null);
});

test('the delta is a figure above disk layers, and a range with its reason above an installation', (t) => {
  const machine = machineOf({
    packages: [{ name: 'app', files: { '/usr/bin/app': 'a' } }],
    files: { '/srv/data': text(1000), '/var/lib/ucf/cache': text(500) },
  });
  t.like(sizingOf([machine]).machines[0]!.delta, { low: 1500, high: 1500 });
  const { delta } = sizingOf([machine], {}).machines[0]!;
  t.deepEqual([delta.low, delta.high], [1000, 1500]);
  t.regex(delta.reason, /scripts/);
});

test('property: no tree is larger than the machine, none is listed twice, largest first', (t) => {
  const names = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(names, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}/f`);
  const check = () =>
    fc.assert(
      fc.property(
        fc.dictionary(
          path,
          fc.nat(5000).map((length) => text(length)),
        ),
        (files) => {
          const entries = [...machineOf({ files }).files.records.values()]
            .map(({ entry }) => entry)
            .filter(({ type }) => type === 'file');
          const total = entries.reduce((sum, { size }) => sum + size, 0);
          const trees = largestTrees(entries, 10);
          const sizes = trees.map(({ size }) => size);
          return (
            sizes.every((size) => size <= total) &&
            new Set(trees.map(({ name }) => name)).size === trees.length &&
            sizes.join() === [...sizes].sort((a, b) => b - a).join()
          );
        },
      ),
    );
  t.notThrows(check);
});
