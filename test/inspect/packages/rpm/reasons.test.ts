import { readFileSync } from 'node:fs';
import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { inspectRpm } from '../../../../src/inspect/packages/rpm/inspect.js';
import { packageHeader } from './builders/header.js';
import { ndb } from './builders/ndb.js';

const HEADERS = [
  packageHeader({ name: 'asked', version: '2.0' }),
  packageHeader({ name: 'pulled-in', arch: 'noarch', epoch: 1 }),
  packageHeader({ name: 'remarked' }),
  packageHeader({ name: 'unknown' }),
];

async function reasons(nodes: Record<string, MemoryNode>, headers: readonly Buffer[] = HEADERS) {
  const database = await inspectRpm(memoryGuest({ '/var/lib/rpm/Packages.db': ndb(headers), ...nodes }));
  return {
    marks: Object.fromEntries(database.packages.map(({ name, auto }) => [name, auto])),
    repositories: Object.fromEntries(database.packages.map(({ name, repository }) => [name, repository])),
    evidence: Object.fromEntries(database.packages.map(({ name, reason }) => [name, reason?.evidence.path])),
    inferred: Object.fromEntries(database.packages.map(({ name, reason }) => [name, reason?.inferred])),
    problems: database.problems,
  };
}

test("dnf's history: the last successful item counts, and a changed mark keeps the repository", async (t) => {
  const history = readFileSync(new URL('fixtures/history.sqlite', import.meta.url));
  const { marks, repositories, problems } = await reasons({ '/var/lib/dnf/history.sqlite': history });
  t.deepEqual(marks, { asked: false, 'pulled-in': true, remarked: false, unknown: null });
  t.deepEqual(repositories, { asked: 'base', 'pulled-in': 'base', remarked: '@commandline', unknown: undefined });
  t.deepEqual(problems, []);
});

test("yum's notes are found by name, version, release and architecture, without the epoch", async (t) => {
  const folder = '/var/lib/yum/yumdb';
  const { marks, repositories, evidence } = await reasons({
    [`${folder}/a/${'ab'.repeat(20)}-asked-2.0-1-x86_64/reason`]: 'user',
    [`${folder}/a/${'ab'.repeat(20)}-asked-2.0-1-x86_64/from_repo`]: 'epel',
    [`${folder}/p/${'cd'.repeat(20)}-pulled-in-1.0-1-noarch/reason`]: 'dep\n',
    [`${folder}/r/${'ef'.repeat(20)}-remarked-0.9-1-x86_64/reason`]: 'user',
  });
  t.deepEqual(marks, { asked: false, 'pulled-in': true, remarked: null, unknown: null });
  t.is(repositories.asked, 'epel');
  t.is(evidence['pulled-in'], `${folder}/p/${'cd'.repeat(20)}-pulled-in-1.0-1-noarch/reason`);
});

test("dnf 5's state: reasons of packages, members of groups, repositories", async (t) => {
  const folder = '/usr/lib/sysimage/libdnf5';
  const { marks, repositories } = await reasons({
    [`${folder}/packages.toml`]:
      'version = "1.0"\n[packages]\n"asked.x86_64" = {reason = "User"}\n"pulled-in.noarch" = {reason="Weak Dependency"}\n"unknown.x86_64" = {reason="External"}\n',
    [`${folder}/groups.toml`]: 'version="1.0"\n[groups.core]\nuserinstalled = true\npackages = [\n"remarked",\n]\n',
    [`${folder}/nevras.toml`]: 'version="1.0"\n[nevras]\n"pulled-in-1:1.0-1.noarch" = {from_repo="fedora"}\n',
  });
  t.deepEqual(marks, { asked: false, 'pulled-in': true, remarked: false, unknown: null });
  t.is(repositories['pulled-in'], 'fedora');
});

test('zypper and urpmi list what was pulled in; the rest was asked for', async (t) => {
  const zypper = await reasons({ '/var/lib/zypp/AutoInstalled': '# zypp::SolvableList\n\npulled-in\n' });
  t.deepEqual(zypper.marks, { asked: false, 'pulled-in': true, remarked: false, unknown: false });
  const urpmi = await reasons({ '/var/lib/rpm/installed-through-deps.list': 'pulled-in (needed by asked)\n' });
  t.deepEqual(urpmi.marks, { asked: false, 'pulled-in': true, remarked: false, unknown: false });
});

test('an empty list says nothing of any package', async (t) => {
  const { marks } = await reasons({ '/var/lib/zypp/AutoInstalled': '# zypp::SolvableList\n' });
  t.true(Object.values(marks).every((auto) => auto === null));
});

test('without notes, later transactions tell: what nothing else in them needs was asked for', async (t) => {
  const base = Array.from({ length: 20 }, (_, index) => packageHeader({ name: `base-${index}`, transaction: 1000 }));
  const { marks, inferred } = await reasons({}, [
    ...base,
    packageHeader({ name: 'server', transaction: 90_000, requires: ['libserver.so', '/usr/bin/helper'] }),
    packageHeader({ name: 'server-libs', transaction: 90_000, provides: ['libserver.so'], requires: ['server-data'] }),
    packageHeader({ name: 'server-data', transaction: 90_000, provides: ['server-data'], requires: ['libserver.so'] }),
    packageHeader({ name: 'helper', transaction: 90_000, files: ['/usr/bin/helper'] }),
  ]);
  t.is(marks.server, false);
  t.deepEqual([marks['server-libs'], marks['server-data'], marks.helper], [true, true, true]);
  t.is(marks['base-0'], null);
  t.true(inferred.server);
});

test('a manager that splits one installation into transactions seconds apart installed it at once', async (t) => {
  const headers = Array.from({ length: 30 }, (_, index) =>
    packageHeader({ name: `part-${index}`, transaction: 1000 + 20 * index }),
  );
  const { marks } = await reasons({}, headers);
  t.true(Object.values(marks).every((auto) => auto === null));
});

test('a broken history is one problem and no mark', async (t) => {
  const history = Buffer.from(readFileSync(new URL('fixtures/history.sqlite', import.meta.url)));
  history.fill(0xff, 512);
  const { marks, problems } = await reasons({ '/var/lib/dnf/history.sqlite': history });
  t.true(Object.values(marks).every((auto) => auto === null));
  t.is(problems.length, 1);
  t.is(problems[0]!.code, 'rpm-broken-history');
});

test('a broken state of dnf 5 is a problem', async (t) => {
  const { problems } = await reasons({ '/usr/lib/sysimage/libdnf5/packages.toml': '[packages\n' });
  t.deepEqual(
    problems.map(({ code, path }) => ({ code, path })),
    [{ code: 'rpm-broken-history', path: '/usr/lib/sysimage/libdnf5/packages.toml' }],
  );
});
