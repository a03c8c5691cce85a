import test, { type ExecutionContext } from 'ava';
import { memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { databaseForm, headerRecords } from '../../../../src/inspect/packages/rpm/database/container.js';
import { headerDependencies } from '../../../../src/inspect/packages/rpm/header/dependencies.js';
import { headerText, parseHeader } from '../../../../src/inspect/packages/rpm/header/header.js';
import { DEPENDENCY_TAGS, TAG } from '../../../../src/inspect/packages/rpm/header/tags.js';
import { inspectRpm } from '../../../../src/inspect/packages/rpm/inspect.js';
import type { InstalledPackage, PackageDatabase } from '../../../../src/model/packages.js';
import { encodePath } from '../../../../src/model/path.js';
import { inMemory } from '../../../../src/model/random-access.js';
import {
  bigEndianHash,
  databaseOfPackages,
  hasDatabaseTools,
  oracleTest,
  queryRpm,
  sample,
  sampleTable,
  sampleTest,
} from './samples.js';

interface Sample {
  readonly path: string;
  /** Where it lay on its machine. */
  readonly place: string;
  readonly expected?: string;
  /** Debian's rpm reads it (it has no NDB). */
  readonly oracle: boolean;
}

const SAMPLES: readonly Sample[] = [
  ...[
    'rpm/sles12sp4',
    'rpm/fedora26-modular',
    'rpm-rebuilt/centos6-plain',
    'rpm-rebuilt/centos7-plain',
    'rpm-rebuilt/centos7-httpd24',
  ].map((folder) => ({
    path: `${folder}/Packages.xz`,
    place: '/var/lib/rpm/Packages',
    expected: `${folder}/expected.tsv`,
    oracle: true,
  })),
  {
    path: 'rpm-rebuilt/centos7-plain.ndb/Packages.db.xz',
    place: '/var/lib/rpm/Packages.db',
    expected: 'rpm-rebuilt/centos7-plain/expected.tsv',
    oracle: false,
  },
  {
    path: 'rpm-rebuilt/centos7-plain.sqlite/rpmdb.sqlite.xz',
    place: '/var/lib/rpm/rpmdb.sqlite',
    expected: 'rpm-rebuilt/centos7-plain/expected.tsv',
    oracle: true,
  },
  {
    path: 'rpm/cbl-mariner-2.0/rpmdb.sqlite.xz',
    place: '/var/lib/rpm/rpmdb.sqlite',
    expected: 'rpm/cbl-mariner-2.0/expected.tsv',
    oracle: true,
  },
  {
    path: 'rpm/sle15-bci/Packages.db',
    place: '/usr/lib/sysimage/rpm/Packages.db',
    expected: 'rpm/sle15-bci/expected.tsv',
    oracle: false,
  },
  { path: 'rpm/fedora33-9pkgs/rpmdb.sqlite', place: '/var/lib/rpm/rpmdb.sqlite', oracle: true },
  { path: 'rpm/one-pkg-i586-sqlite/rpmdb.sqlite', place: '/var/lib/rpm/rpmdb.sqlite', oracle: true },
  { path: 'rpm/centos6-3pkgs-full-bdb-dir/Packages', place: '/var/lib/rpm/Packages', oracle: true },
  { path: 'rpm/el8-libuuid/Packages', place: '/var/lib/rpm/Packages', oracle: true },
  { path: 'rpm/scalibr-epoch-bdb/Packages', place: '/var/lib/rpm/Packages', oracle: true },
  { path: 'rpm/syft-1pkg-bdb/Packages', place: '/var/lib/rpm/Packages', oracle: true },
];

const inspected = new Map<string, Promise<PackageDatabase>>();

function inspect({ path, place }: Sample): Promise<PackageDatabase> {
  let database = inspected.get(path);
  if (database === undefined) {
    database = inspectRpm(memoryGuest({ [place]: sample(path) }));
    inspected.set(path, database);
  }
  return database;
}

const fullVersion = (epoch: string, version: string, release: string): string =>
  `${epoch === '0' || epoch === '(none)' ? '' : `${epoch}:`}${version}-${release}`;

for (const item of SAMPLES.filter(({ expected }) => expected !== undefined)) {
  sampleTest(`${item.path}: packages are those of the published list`, async (t) => {
    const database = await inspect(item);
    // The list of one sample comes without times and signatures.
    const bare = (field: string | undefined, value: string): string => (field === '-' ? '-' : value);
    const listed = sampleTable(item.expected!)
      .filter(([name]) => name !== 'gpg-pubkey')
      .map(([name, epoch, version, release, arch, vendor, time, size, source, signature]) => [
        name,
        fullVersion(epoch!, version!, release!),
        arch,
        vendor,
        time,
        source,
        signature === '-' ? '-' : (/Key ID ([0-9a-f]+)/.exec(signature ?? '')?.[1] ?? '(none)'),
        size === undefined ? undefined : '',
      ]);
    const byName = new Map(listed.map((fields) => [`${fields[0]} ${fields[1]} ${fields[2]}`, fields]));
    const found = database.packages.map((each) => {
      const line = byName.get(`${each.name} ${each.version} ${each.architecture}`);
      return [
        each.name,
        each.version,
        each.architecture,
        each.vendor ?? '(none)',
        bare(line?.[4], String(each.installTime)),
        `${each.source.name}-${each.source.version}.src.rpm`,
        bare(line?.[6], each.signer ?? '(none)'),
        '',
      ];
    });
    t.true(listed.length > 30);
    t.deepEqual(found.map(String).sort(), listed.map(String).sort());
    t.deepEqual(database.problems, []);
  });
}

for (const item of SAMPLES.filter(({ oracle }) => oracle)) {
  const name = item.place.slice(item.place.lastIndexOf('/') + 1);

  oracleTest(`${item.path}: files, digests, modes, owners and times are those that rpm prints`, async (t) => {
    const { packages } = await inspect(item);
    const format =
      '[%{=NAME}\t%{=VERSION}-%{=RELEASE}\t%{=ARCH}\t%{FILENAMES}\t%{LONGFILESIZES}\t%{FILEMODES:octal}\t%{FILEUSERNAME}\t%{FILEGROUPNAME}\t%{FILEMTIMES}\t%{FILEDIGESTS}\t%{FILELINKTOS}\t%{FILEFLAGS:hex}\t%{FILESTATES}\n]';
    const printed = queryRpm(name, sample(item.path), format).map(
      ([pkg, version, arch, path, size, mode, user, group, time, digest, target, flags, state]) =>
        [
          pkg,
          version,
          arch,
          path,
          mode!.startsWith('10') ? size : '',
          (Number.parseInt(mode!, 8) & 0o7777).toString(8),
          user,
          group,
          time,
          digest ?? '',
          mode!.startsWith('12') ? target : '',
          Number.parseInt(flags!, 16) & 1 ? 'config' : '',
          Number.parseInt(flags!, 16) & 2 ? 'doc' : '',
          Number.parseInt(flags!, 16) & 64 || state !== '0' ? 'ghost' : '',
        ].join('\t'),
    );
    const read = packages.flatMap((each) =>
      [...each.files].map((file) =>
        [
          each.name,
          each.version.replace(/^[0-9]+:/, ''),
          each.architecture,
          file.path,
          file.size ?? '',
          file.mode?.toString(8),
          file.user,
          file.group,
          file.mtime,
          file.digest?.hex ?? '',
          file.target ?? '',
          file.configuration ? 'config' : '',
          file.documentation ? 'doc' : '',
          file.ghost ? 'ghost' : '',
        ].join('\t'),
      ),
    );
    t.deepEqual(difference(read, printed), { missing: [], extra: [] });
    t.is(read.length, printed.length);
  });

  oracleTest(`${item.path}: provides, conflicts and obsoletes are those that rpm prints`, async (t) => {
    const { packages } = await inspect(item);
    const kinds: readonly [string, (each: InstalledPackage) => InstalledPackage['provides']][] = [
      ['PROVIDE', (each) => each.provides],
      ['OBSOLETE', (each) => each.obsoletes ?? []],
      ['CONFLICT', (each) => each.conflicts],
    ];
    for (const [tag, relations] of kinds) {
      const format = `[%{=NAME}\t%{${tag}NAME}\t%{${tag}FLAGS:depflags}\t%{${tag}VERSION}\n]`;
      const printed = queryRpm(name, sample(item.path), format)
        .filter(([pkg, relation]) => pkg !== 'gpg-pubkey' && !relation!.startsWith('('))
        .map((fields) => fields.map((field) => field.trim()).join('\t'));
      const read = packages.flatMap((each) =>
        relations(each)
          .filter((relation) => relation.with === undefined)
          .map((relation) => [each.name, relation.name, relation.operator ?? '', relation.version ?? ''].join('\t')),
      );
      t.deepEqual(difference(read, printed), { missing: [], extra: [] }, tag);
    }
  });
}

for (const folder of ['rpm-rebuilt/centos6-plain', 'rpm-rebuilt/centos7-plain', 'rpm-rebuilt/centos7-httpd24']) {
  sampleTest(`${folder}: requirements with flags and versions are those of the published list`, (t) => {
    const content = inMemory(sample(`${folder}/Packages.xz`));
    const read: string[] = [];
    for (const { blob } of headerRecords(databaseForm(content)!, content, undefined, (where, why) =>
      t.fail(`${where} ${why}`),
    )) {
      const header = parseHeader(blob);
      for (const { name, flags, version } of headerDependencies(header, DEPENDENCY_TAGS.requires)) {
        const sign = `${flags & 2 ? '<' : ''}${flags & 4 ? '>' : ''}${flags & 8 ? '=' : ''}`;
        read.push([headerText(header, TAG.name), 'R', name, sign, version].join('\t'));
      }
    }
    const listed = sampleTable(`${folder}/requires.tsv.xz`).map((fields) =>
      fields.map((field) => field.trim()).join('\t'),
    );
    t.true(listed.length > 500);
    // The list has each line once.
    t.deepEqual(difference([...new Set(read)], listed), { missing: [], extra: [] });
  });
}

sampleTest('one set of headers in three containers gives one result', async (t) => {
  // A line for each package: the assertion library overflows its stack on twenty thousand objects.
  const lines = async (path: string, place: string) =>
    (await inspect({ path, place, oracle: false })).packages.map(({ evidence: _, reason: __, ...rest }) =>
      JSON.stringify(rest),
    );
  const bdb = await lines('rpm-rebuilt/centos7-plain/Packages.xz', '/var/lib/rpm/Packages');
  const ndb = await lines('rpm-rebuilt/centos7-plain.ndb/Packages.db.xz', '/var/lib/rpm/Packages.db');
  const sqlite = await lines('rpm-rebuilt/centos7-plain.sqlite/rpmdb.sqlite.xz', '/var/lib/rpm/rpmdb.sqlite');
  t.is(bdb.length, 144);
  t.deepEqual(difference(ndb, bdb), { missing: [], extra: [] });
  t.deepEqual(difference(sqlite, bdb), { missing: [], extra: [] });
});

(hasDatabaseTools ? sampleTest : test.skip)(
  `a hash that libdb wrote big-endian reads like the little-endian one${hasDatabaseTools ? '' : ' (skipped: no db5.3_load)'}`,
  async (t: ExecutionContext) => {
    const little = sample('rpm-rebuilt/centos6-plain/Packages.xz');
    const big = bigEndianHash(little);
    t.is(big.readUInt32BE(12), 0x061561);
    const lines = async (content: Buffer) =>
      (await inspectRpm(memoryGuest({ '/var/lib/rpm/Packages': content }))).packages.map((each) =>
        JSON.stringify(each),
      );
    const read = await lines(big);
    t.is(read.length, 129);
    t.deepEqual(difference(read, await lines(little)), { missing: [], extra: [] });
  },
);

sampleTest('a log that was never written back holds most of the packages', async (t) => {
  const main = sample('rpm-rebuilt/wal-uncheckpointed/rpmdb.sqlite.xz');
  const log = sample('rpm-rebuilt/wal-uncheckpointed/rpmdb.sqlite-wal.xz');
  const without = await inspectRpm(memoryGuest({ '/var/lib/rpm/rpmdb.sqlite': main }));
  const with_ = await inspectRpm(
    memoryGuest({ '/var/lib/rpm/rpmdb.sqlite': main, '/var/lib/rpm/rpmdb.sqlite-wal': log }),
  );
  t.is(without.packages.length, 2);
  t.is(with_.packages.length, 26);
});

for (const path of ['rpm/empty-bdb/Packages', 'rpm/empty-sqlite/rpmdb.sqlite']) {
  sampleTest(`${path}: a database without packages is empty, and no problem`, async (t) => {
    const place = `/var/lib/rpm/${path.slice(path.lastIndexOf('/') + 1)}`;
    const database = await inspectRpm(memoryGuest({ [place]: sample(path) }));
    t.deepEqual(database.packages, []);
    t.deepEqual(database.problems, []);
  });
}

oracleTest(
  'a database of odd packages (capabilities, links, latin1, signatures of all kinds) reads as rpm reads it',
  async (t: ExecutionContext) => {
    const folders = [
      'rpm-files/rpm-tests',
      'rpm-files/createrepo_c',
      'rpm-files/fossa-cli',
      'rpm-files/scancode-headers',
      'rpm-files/suse/data/changed_config_files',
    ];
    const content = databaseOfPackages(folders);
    const { packages, problems } = await inspectRpm(memoryGuest({ '/var/lib/rpm/rpmdb.sqlite': content }));
    t.true(packages.length > 15);
    t.true(packages.some(({ signer }) => signer !== undefined));
    t.true(packages.some(({ files }) => [...files].some(({ capabilities }) => capabilities !== undefined)));
    t.deepEqual(
      difference(
        packages.map((each) => [each.name, each.version, each.architecture, each.signer ?? '(none)'].join('\t')),
        queryRpm(
          'rpmdb.sqlite',
          content,
          '%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%|RSAHEADER?{%{RSAHEADER:pgpsig}}:{%|DSAHEADER?{%{DSAHEADER:pgpsig}}:{%|SIGGPG?{%{SIGGPG:pgpsig}}:{%|SIGPGP?{%{SIGPGP:pgpsig}}:{}|}|}|}|\n',
        ).map(([pkg, epoch, version, release, arch, signature]) =>
          [
            pkg,
            fullVersion(epoch!, version!, release!),
            arch,
            /Key ID ([0-9a-f]+)/.exec(signature ?? '')?.[1] ?? '(none)',
          ].join('\t'),
        ),
      ),
      { missing: [], extra: [] },
    );
    t.deepEqual(
      difference(
        packages.flatMap((each) =>
          [...each.files].map((file) =>
            [each.name, encodePath(file.path).toString('latin1'), file.capabilities ?? '', file.digest?.hex ?? ''].join(
              '\t',
            ),
          ),
        ),
        queryRpm('rpmdb.sqlite', content, '[%{=NAME}\t%{FILENAMES}\t%{FILECAPS}\t%{FILEDIGESTS}\n]').map((fields) =>
          [...fields, '', '', '']
            .slice(0, 4)
            .map((field) => field.replace('(none)', ''))
            .join('\t'),
        ),
      ),
      { missing: [], extra: [] },
    );
    t.deepEqual(problems, []);
  },
);

test('samples are named once', (t) => {
  t.is(new Set(SAMPLES.map(({ path }) => path)).size, SAMPLES.length);
});

/** Lines of a list that the other lacks, as often as they occur; a few of each. */
function difference(read: readonly string[], printed: readonly string[]): { missing: string[]; extra: string[] } {
  const counts = new Map<string, number>();
  for (const line of printed) counts.set(line, (counts.get(line) ?? 0) + 1);
  const extra: string[] = [];
  for (const line of read) {
    const left = counts.get(line) ?? 0;
    if (left === 0) extra.push(line);
    else counts.set(line, left - 1);
  }
  const missing = [...counts].filter(([, count]) => count > 0).map(([line]) => line);
  return { missing: missing.slice(0, 5), extra: extra.slice(0, 5) };
}
