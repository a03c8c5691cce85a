import test from 'ava';
import { memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { indexCapabilities } from '../../../../src/inspect/packages/rpm/capabilities.js';
import { parseRichDependency } from '../../../../src/inspect/packages/rpm/header/rich.js';
import { readRpmDatabase } from '../../../../src/inspect/packages/rpm/read-database.js';
import { holds, requirementsOf } from '../../../../src/inspect/packages/rpm/rich-requirements.js';
import type { Relation } from '../../../../src/model/packages.js';
import { packageHeader } from './builders/header.js';
import { ndb } from './builders/ndb.js';
import { sample, sampleTest } from './samples.js';

/** What these real systems lack: images whose maker removed packages, or that never had them. */
const satisfied = [
  ['rpm/sles12sp4/Packages.xz', 'Packages'],
  ['rpm/fedora26-modular/Packages.xz', 'Packages'],
  ['rpm-rebuilt/centos6-plain/Packages.xz', 'Packages'],
  ['rpm-rebuilt/centos7-plain/Packages.xz', 'Packages'],
  ['rpm-rebuilt/centos7-httpd24/Packages.xz', 'Packages'],
  ['rpm/cbl-mariner-2.0/rpmdb.sqlite.xz', 'rpmdb.sqlite'],
] as const;

for (const [path, name] of satisfied) {
  sampleTest(`${path}: everything that a package requires is installed, in the right version`, async (t) => {
    const { packages } = await readRpmDatabase(memoryGuest({ [`/var/lib/rpm/${name}`]: sample(path) }), []);
    const isInstalled = indexCapabilities(packages);
    const missing = packages.flatMap((each) =>
      each.requires.plain
        .filter((relation) => !isInstalled(relation))
        .map((relation) => `${each.name}: ${relation.name} ${relation.version ?? ''}`),
    );
    t.deepEqual(missing, []);
    const rich = packages.flatMap((each) => each.requires.rich);
    for (const { text, parsed } of rich) {
      t.truthy(parsed, text);
      t.true(holds(parsed!, isInstalled), text);
    }
  });
}

async function installed(): Promise<(relation: Relation) => boolean> {
  const headers = [
    packageHeader({
      name: 'gcc',
      version: '8.5',
      provides: [['gcc', '=', '8.5-1'], 'compiler'],
      files: ['/usr/bin/cc'],
    }),
    packageHeader({ name: 'glibc', version: '2.36', release: '9' }),
  ];
  const { packages } = await readRpmDatabase(memoryGuest({ '/var/lib/rpm/Packages.db': ndb(headers) }), []);
  return indexCapabilities(packages);
}

const comesTo = test.macro({
  async exec(t, text: string, expected: readonly (readonly string[])[] | null) {
    const parsed = parseRichDependency(text);
    t.truthy(parsed);
    const groups = requirementsOf(parsed!, await installed());
    t.deepEqual(
      groups?.map((group) => group.map((each) => [each.name, each.operator, each.version].filter(Boolean).join(' '))) ??
        null,
      expected,
    );
  },
  title: (_, text) => `${text} comes to what it means where gcc and glibc are installed`,
});

test(comesTo, '(a or b)', [['a', 'b']]);
test(comesTo, '(a and b >= 2)', [['a'], ['b >= 2']]);
test(comesTo, '((a and b) or c)', [
  ['a', 'c'],
  ['b', 'c'],
]);
test(comesTo, '(a if gcc)', [['a']]);
test(comesTo, '(a if gcc >= 9)', []);
test(comesTo, '(a if gcc >= 9 else b)', [['b']]);
test(comesTo, '(a if (gcc and /usr/bin/cc))', [['a']]);
test(comesTo, '(a unless compiler)', []);
test(comesTo, '(a unless compiler else b)', [['b']]);
test(comesTo, '(a unless nothing)', [['a']]);
test(comesTo, '(gcc >= 8 with gcc < 9)', [['gcc >= 8']]);
test(comesTo, '(gcc without compiler)', [['gcc']]);
test(comesTo, '(libfoo.so.1()(64bit) or python3dist(x[y]) >= 1.0~rc1)', [
  ['libfoo.so.1()(64bit)', 'python3dist(x[y]) >= 1.0~rc1'],
]);

for (const text of [
  '(a',
  'a',
  '()',
  '(a or)',
  '(a or b and c)',
  '(a xor b)',
  '(>= 1)',
  '(a >= )',
  '(a) b',
  '(a if b else)',
]) {
  test(`${text} is no rich dependency`, (t) => {
    t.is(parseRichDependency(text), null);
  });
}

test('with and without ask one package', async (t) => {
  const isInstalled = await installed();
  const answer = (text: string) => holds(parseRichDependency(text)!, isInstalled);
  t.true(answer('(gcc >= 8 with gcc < 9)'));
  t.true(answer('(gcc with compiler)'));
  t.false(answer('(glibc with compiler)'));
  t.false(answer('(gcc without compiler)'));
  t.true(answer('(glibc without compiler)'));
});
