import { readFileSync } from 'node:fs';
import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { inspectApk } from '../../../src/inspect/packages/apk/inspect.js';
import { inspectRpm } from '../../../src/inspect/packages/rpm/inspect.js';
import type { OperatingSystem } from '../../../src/model/os.js';
import type { InstalledPackage, PackageDatabase, Relation } from '../../../src/model/packages.js';
import { reducePackages } from '../../../src/plan/resolver/reduce.js';
import { sample, sampleTest } from '../../inspect/packages/rpm/samples.js';
import { DEBIAN_12 } from '../machine.js';
import { hasLibsolv, solve, solvKey } from './libsolv.js';

interface Sample {
  readonly path: string;
  readonly place: string;
  readonly os: Pick<OperatingSystem, 'id' | 'versionId'>;
  /** Of the packages on a minimal root of the release, and from nothing: how many, and how many are named. */
  readonly onBase: readonly [before: number, after: number];
  readonly fromNothing: readonly [before: number, after: number];
}

const RPM_SAMPLES: readonly Sample[] = [
  {
    path: 'rpm/sles12sp4/Packages.xz',
    place: '/var/lib/rpm/Packages',
    os: { id: 'sles', versionId: '12.4' },
    onBase: [40, 15],
    fromNothing: [106, 18],
  },
  {
    path: 'rpm/fedora26-modular/Packages.xz',
    place: '/var/lib/rpm/Packages',
    os: { id: 'fedora', versionId: '26' },
    onBase: [22, 6],
    fromNothing: [113, 10],
  },
  {
    path: 'rpm-rebuilt/centos6-plain/Packages.xz',
    place: '/var/lib/rpm/Packages',
    os: { id: 'centos', versionId: '6' },
    onBase: [39, 30],
    fromNothing: [129, 33],
  },
  {
    path: 'rpm-rebuilt/centos7-plain/Packages.xz',
    place: '/var/lib/rpm/Packages',
    os: { id: 'centos', versionId: '7' },
    onBase: [52, 14],
    fromNothing: [144, 16],
  },
  {
    path: 'rpm-rebuilt/centos7-httpd24/Packages.xz',
    place: '/var/lib/rpm/Packages',
    os: { id: 'centos', versionId: '7' },
    onBase: [128, 25],
    fromNothing: [222, 27],
  },
  {
    path: 'rpm/cbl-mariner-2.0/rpmdb.sqlite.xz',
    place: '/var/lib/rpm/rpmdb.sqlite',
    os: { id: 'mariner', versionId: '2.0' },
    onBase: [67, 11],
    fromNothing: [129, 14],
  },
  {
    path: 'rpm/sle15-bci/Packages.db',
    place: '/usr/lib/sysimage/rpm/Packages.db',
    os: { id: 'sles', versionId: '15.3' },
    onBase: [20, 4],
    fromNothing: [35, 5],
  },
];

const NOTHING = { identities: new Set<string>(), keys: new Set<string>() };

for (const { path, place, os, onBase, fromNothing } of RPM_SAMPLES) {
  const databaseOf = (): Promise<PackageDatabase> => inspectRpm(memoryGuest({ [place]: sample(path) }));
  const reduce = ({ packages, architecture }: PackageDatabase, isOnBase: boolean) =>
    reducePackages(packages, {
      manager: 'rpm',
      architecture,
      os: { ...DEBIAN_12, ...os },
      ...(isOnBase ? {} : { knownBase: NOTHING }),
    });

  sampleTest(
    `${path}: ${onBase.join(' packages come to ')} on a base, ${fromNothing.join(' to ')} without`,
    async (t) => {
      const database = await databaseOf();
      for (const [isOnBase, figures] of [
        [true, onBase],
        [false, fromNothing],
      ] as const) {
        const { full, named } = reduce(database, isOnBase);
        t.deepEqual([full.length, named.length], [...figures]);
      }
    },
  );

  solverTest(`${path}: libsolv installs exactly the machine's packages from what is named`, async (t) => {
    const database = await databaseOf();
    for (const isOnBase of [true, false]) {
      const { base, full, named, remove } = reduce(database, isOnBase);
      const answer = solve(base, [...full, ...remove.map(standIn)], names(named));
      const foreseen = [...full, ...remove.map(standIn)].map(solvKey);
      t.deepEqual(answer.problems, []);
      t.deepEqual([...answer.installed].sort(), foreseen.sort());
      t.is(answer.removed.size, 0);
    }
  });

  solverTest(`${path}: every name is needed: without it libsolv leaves a package out`, async (t) => {
    const { base, full, named, remove } = reduce(await databaseOf(), true);
    const offered = [...full, ...remove.map(standIn)];
    const superfluous = named.filter((item) => {
      const answer = solve(base, offered, names(named.filter((other) => other !== item)));
      return answer.installed.size === offered.length;
    });
    // What is named only because an archive may have another package for it.
    t.true(
      superfluous.every((item) => isAskedForByOthers(item, full)),
      names(superfluous).join(' '),
    );
  });
}

/** A package that a vendor took out of the machine, as the archive has it. */
function standIn(name: string): InstalledPackage {
  const template = { ...reducedTemplate, name, provides: [{ name, operator: '=' as const, version: '1-1' }] };
  return template;
}

const reducedTemplate = {
  version: '1-1',
  architecture: 'noarch',
  depends: [],
  conflicts: [],
  files: [],
} as unknown as InstalledPackage;

function names(packages: readonly InstalledPackage[]): string[] {
  return packages.map(({ name }) => name);
}

function isAskedForByOthers(item: InstalledPackage, packages: readonly InstalledPackage[]): boolean {
  const own = new Set([
    item.name,
    ...item.provides.map(({ name }) => name),
    ...[...item.files].map(({ path }) => path),
  ]);
  return packages.some((other) => other !== item && other.depends.flat().some(({ name }) => own.has(name)));
}

function solverTest(title: string, body: Parameters<typeof sampleTest>[1]): void {
  if (hasLibsolv) sampleTest(title, body);
  else test.skip(`${title} (skipped: libsolv-tools is not installed)`, body);
}

for (const [name, before, after] of [
  ['alpine-2.6.6-installed', 13, 1],
  ['alpine-3.7.0-installed', 11, 6],
  ['scalibr-installed', 15, 5],
  ['scancode-full-installed', 14, 5],
  ['syft-multiple-2-installed', 14, 5],
  ['trivy-installed', 15, 8],
] as const) {
  sampleTest(`apk/${name}: ${before} packages come to ${after} names, and those bring all of them back`, async (t) => {
    const content = readFileSync(new URL(`../../../../shared/guests/apk/${name}`, import.meta.url));
    const { packages, architecture } = await inspectApk(memoryGuest({ '/lib/apk/db/installed': content }));
    const os = { ...DEBIAN_12, id: 'alpine', versionId: '3' };
    const { full, named } = reducePackages(packages, { manager: 'apk', architecture, os, knownBase: NOTHING });
    t.deepEqual([full.length, named.length], [before, after]);
    t.deepEqual([...broughtByApk(packages, names(named))].sort(), names(packages).sort());
  });
}

/** A resolver for one repository with one version of everything: any provider of a missing word, until nothing is missing. */
function broughtByApk(repository: readonly InstalledPackage[], wanted: readonly string[]): Set<string> {
  const installed = new Set(wanted);
  const has = (item: InstalledPackage, { name }: Relation): boolean =>
    item.name === name || item.provides.some((provided) => provided.name === name);
  for (let before = -1; before !== installed.size; ) {
    before = installed.size;
    for (const item of repository) {
      const present = repository.filter((each) => installed.has(each.name));
      const triggers = item.installIf ?? [];
      const isTriggered = triggers.length > 0 && triggers.every((word) => present.some((each) => has(each, word)));
      if (isTriggered) installed.add(item.name);
      if (!installed.has(item.name)) continue;
      for (const word of item.depends.flat()) {
        if (!present.some((each) => has(each, word))) {
          const provider = repository.find((each) => has(each, word));
          if (provider !== undefined) installed.add(provider.name);
        }
      }
    }
  }
  return installed;
}
