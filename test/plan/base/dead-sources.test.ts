import test from 'ava';
import type { OperatingSystem } from '../../../src/model/os.js';
import type { PackageDatabase, PackageManagerName } from '../../../src/model/packages.js';
import { ARCHIVES, DEAD_REPOSITORIES } from '../../../src/plan/base/archives.data.js';
import { BASE_IMAGES } from '../../../src/plan/base/base-images.data.js';
import { deadSources } from '../../../src/plan/base/dead-sources.js';
import { planMachines } from '../../../src/plan/plan-machines.js';
import { DEBIAN_12, DEFAULT_OPTIONS, machineOf, type PackageSketch, packageOf } from '../machine.js';

function sources(
  os: Partial<OperatingSystem>,
  manager: PackageManagerName,
  packages: readonly PackageSketch[],
  { snapshot = null, isDead = true }: { snapshot?: string | null; isDead?: boolean } = {},
): readonly string[] | null {
  const repository = (suite: string) => ({
    uri: '',
    suite,
    components: [],
    signedBy: [],
    enabled: true,
    evidence: { path: '' },
  });
  const database = {
    manager,
    packages: packages.map(packageOf),
    archives: ['core', 'extra'].map(repository),
    archiveDate: null,
  } as unknown as PackageDatabase;
  const base = { kind: 'public' as const, ...(isDead ? { deadArchive: 'x' } : {}) };
  return deadSources({ ...DEBIAN_12, ...os }, database, base, { snapshot });
}

test('CentOS 7 takes its own point release and the last one from the vault', (t) => {
  const found = sources({ id: 'centos', versionId: '7' }, 'rpm', [
    { name: 'centos-release', version: '7-5.1804.el7.centos' },
  ]);
  const at = (point: string) =>
    ['os', 'updates', 'extras'].map((name) => `${ARCHIVES.centosDead}/${point}/${name}/$basearch/`);
  t.deepEqual(found, [...at('7.5.1804'), ...at('7.9.2009')]);
});

const point = test.macro({
  exec(t, versionId: string, name: string, version: string, expected: readonly string[]) {
    const found = sources({ id: 'centos', versionId }, 'rpm', [{ name, version }]) ?? [];
    t.deepEqual(
      [...new Set(found.map((url) => url.slice(ARCHIVES.centosDead.length + 1).split('/')[0]))],
      [...expected],
    );
  },
  title: (_, __, name, version) => `${name} ${version} tells the point release`,
});
test(point, '5', 'centos-release', '10:5-11.el5.centos', ['5.11']);
test(point, '6', 'centos-release', '6-9.el6.12.3', ['6.9', '6.10']);
test(point, '8', 'centos-linux-release', '8.3-1.2011.el8', ['8.3.2011', '8.5.2111']);
test(point, '8', 'centos-release', '8.2-2.2004.0.1.el8', ['8.2.2004', '8.5.2111']);
test(point, '7', 'centos-release', '7-$(id).1804', ['7.9.2009']);
test(point, '7', 'other-release', '7-5.1804', ['7.9.2009']);

test('CentOS Stream, which calls itself the same, has repositories of its own', (t) => {
  const found = sources({ id: 'centos', versionId: '8' }, 'rpm', [
    { name: 'centos-stream-release', version: '8.6-1.el8' },
  ]);
  t.is(found![0], `${ARCHIVES.centosDead}/8-stream/BaseOS/$basearch/os/`);
});

test('a release that lives, and one that is not known, keep the repositories of the base', (t) => {
  t.is(sources({ id: 'fedora', versionId: '43' }, 'rpm', [], { isDead: false }), null);
  t.is(sources({ id: 'rhel', versionId: '6.10' }, 'rpm', []), null);
  t.is(sources({ id: 'alpine', versionId: '3.12' }, 'apk', []), null);
});

test('Fedora, openSUSE and Mageia are in archives of their own', (t) => {
  t.deepEqual(sources({ id: 'fedora', versionId: '26' }, 'rpm', []), [
    `${ARCHIVES.fedoraDead}/releases/26/Everything/$basearch/os/`,
    `${ARCHIVES.fedoraDead}/updates/26/$basearch/`,
  ]);
  t.true(sources({ id: 'opensuse-leap', versionId: '42.3' }, 'rpm', [])![0]!.startsWith(ARCHIVES.opensuseDead));
  t.true(sources({ id: 'mageia', versionId: '5' }, 'rpm', [])![0]!.includes('/distrib/5/$basearch/'));
});

test('Arch has the repositories of a day: the one asked for, or the day behind the newest installation', (t) => {
  const packages = [{ name: 'bash', installTime: Date.UTC(2023, 4, 6, 12) / 1000 }];
  t.deepEqual(sources({ id: 'arch', versionId: null }, 'pacman', packages, { snapshot: '20230401' }), [
    `core=${ARCHIVES.archSnapshot}/2023/04/01/$repo/os/$arch`,
    `extra=${ARCHIVES.archSnapshot}/2023/04/01/$repo/os/$arch`,
  ]);
  t.regex(sources({ id: 'arch', versionId: null }, 'pacman', packages, { snapshot: 'auto' })![0]!, /\/2023\/05\/07\//);
  t.is(sources({ id: 'arch', versionId: null }, 'pacman', packages), null);
  t.is(sources({ id: 'arch', versionId: null }, 'pacman', [{ name: 'bash' }], { snapshot: 'auto' }), null);
});

test('a plan for a dead release installs from its archive, and one for a live release from that of its base', (t) => {
  const planOf = (versionId: string) => {
    const os = { id: 'fedora', versionId, idLike: [], architecture: 'x86_64' };
    const machine = machineOf({
      os,
      manager: 'rpm',
      packages: [{ name: 'app', architecture: 'x86_64', files: { '/usr/bin/app': 'x' } }],
    });
    return planMachines([machine], DEFAULT_OPTIONS).groups[0]!.layers.find(({ install }) => install !== undefined)
      ?.install?.sources;
  };
  t.is(planOf('43'), null);
  t.true(planOf('39')?.[0]?.startsWith(ARCHIVES.fedoraDead));
});

test('every dead release with repositories has a base image that says so, and the other way round', (t) => {
  const dead = BASE_IMAGES.filter(({ deadArchive, suite }) => deadArchive !== undefined && suite === undefined);
  const covered = ({ id, version }: { id: string; version: string | null }) =>
    DEAD_REPOSITORIES.some(
      (row) => row.id === id && (row.version === version || row.version.startsWith(`${version}.`)),
    );
  t.deepEqual(
    dead.filter((row) => !covered(row)).map(({ id, version }) => `${id} ${version}`),
    [],
  );
  const known = ({ id, version }: { id: string; version: string }) =>
    dead.some((row) => row.id === id && (row.version === version || version.startsWith(`${row.version}.`)));
  t.deepEqual(
    DEAD_REPOSITORIES.filter((row) => !known(row)).map(({ id, version }) => `${id} ${version}`),
    [],
  );
  t.true(DEAD_REPOSITORIES.every(({ repositories }) => repositories.every((url) => url.startsWith('{archive}/'))));
});
