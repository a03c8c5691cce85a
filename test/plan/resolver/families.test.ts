import test from 'ava';
import { parseApkRelations } from '../../../src/inspect/packages/apk/relations.js';
import { parsePacmanRelations } from '../../../src/inspect/packages/pacman/relations.js';
import type { InstalledPackage, PackageManagerName, Relation, Requirement } from '../../../src/model/packages.js';
import { dependencyGraph } from '../../../src/plan/resolver/dependency-graph.js';
import { indexPackages, satisfiersOf } from '../../../src/plan/resolver/package-index.js';
import { reducePackages } from '../../../src/plan/resolver/reduce.js';
import { DEBIAN_12, packageOf } from '../machine.js';

/** Words as the family writes them; `a | b` are the alternatives of one need. */
interface Sketch {
  readonly name: string;
  readonly version?: string;
  readonly architecture?: string;
  readonly needs?: readonly (string | Requirement)[];
  readonly provides?: readonly string[];
  readonly conflicts?: readonly string[];
  readonly files?: readonly string[];
  readonly ghosts?: readonly string[];
  readonly installIf?: string;
  readonly kernel?: boolean;
}

type Family = Exclude<PackageManagerName, 'dpkg'>;

const ARCHITECTURE = 'x86_64';

function relation(family: Family, word: string): Relation {
  if (family === 'apk') return parseApkRelations(word).wanted[0]!;
  if (family === 'pacman') return parsePacmanRelations([word])[0]!;
  const [name, operator, version] = word.split(' ') as [string, Relation['operator'] | undefined, string | undefined];
  return operator === undefined || version === undefined ? { name } : { name, operator, version };
}

function build(family: Family, sketch: Sketch): InstalledPackage {
  const file = (path: string) => ({ path, configuration: false });
  const version = sketch.version ?? '1.0-1';
  const provides = (sketch.provides ?? []).map((word) => relation(family, word));
  // rpm writes down that every package provides itself.
  const self: Relation[] = family === 'rpm' ? [{ name: sketch.name, operator: '=', version }] : [];
  return {
    ...packageOf({ name: sketch.name, version, architecture: sketch.architecture ?? ARCHITECTURE }),
    depends: (sketch.needs ?? []).map((need) =>
      typeof need === 'string' ? need.split(' | ').map((word) => relation(family, word)) : need,
    ),
    provides: [...self, ...provides],
    conflicts: (sketch.conflicts ?? []).map((word) => relation(family, word)),
    files: [
      ...(sketch.files ?? []).map(file),
      ...(sketch.ghosts ?? []).map((path) => ({ ...file(path), ghost: true })),
    ],
    kernel: sketch.kernel ?? false,
    ...(sketch.installIf === undefined ? {} : { installIf: parseApkRelations(sketch.installIf).wanted }),
  };
}

interface Case {
  readonly family: Family;
  readonly packages: readonly Sketch[];
  /** All names, in the order of the alphabet. */
  readonly named: readonly string[];
}

const NOTHING = { identities: new Set<string>(), keys: new Set<string>() };

function reduce(family: Family, sketches: readonly Sketch[]) {
  return reducePackages(
    sketches.map((sketch) => build(family, sketch)),
    { manager: family, architecture: ARCHITECTURE, os: DEBIAN_12, knownBase: NOTHING },
  );
}

const names = test.macro({
  exec(t, { family, packages, named }: Case) {
    t.deepEqual(
      reduce(family, packages)
        .named.map(({ name }) => name)
        .sort(),
      [...named],
    );
  },
  title: (behaviour = '', { family }: Case) => `${family}: ${behaviour}`,
});

// What satisfies what: the word, the package, and whether.
const satisfies = test.macro({
  exec(
    t,
    family: Family,
    need: string | Requirement,
    candidate: Omit<Sketch, 'name'> & { name?: string },
    is: boolean,
  ) {
    const packages = [
      build(family, { name: 'app', needs: [need] }),
      build(family, { name: 'candidate', ...candidate }),
    ];
    const index = indexPackages(packages, family, ARCHITECTURE);
    t.deepEqual(satisfiersOf(index, packages[0]!, packages[0]!.depends[0]!), is ? [1] : []);
  },
  title: (_, family: Family, need: string | Requirement, candidate: object, is: boolean) =>
    `${family}: ${typeof need === 'string' ? need : JSON.stringify(need)} is ${is ? '' : 'not '}satisfied by ${JSON.stringify(candidate)}`,
});

// rpm: ranges overlap; a side without a release leaves releases out.
test(satisfies, 'rpm', 'lib >= 2.0', { name: 'lib', version: '2.0-1' }, true);
test(satisfies, 'rpm', 'lib > 2.0', { name: 'lib', version: '2.0-9' }, false);
test(satisfies, 'rpm', 'lib = 2.0', { name: 'lib', version: '2.0-9' }, true);
test(satisfies, 'rpm', 'lib = 2.0-8', { name: 'lib', version: '2.0-9' }, false);
test(satisfies, 'rpm', 'lib < 2.0', { name: 'lib', version: '1:1.0-1' }, false);
test(satisfies, 'rpm', 'lib >= 2.0', { name: 'lib', version: '2.0~rc1-1' }, false);
test(satisfies, 'rpm', 'api >= 2.0', { provides: ['api = 3'] }, true);
test(satisfies, 'rpm', 'api >= 2.0', { provides: ['api = 1'] }, false);
test(satisfies, 'rpm', 'api >= 2.0', { provides: ['api'] }, true);
test(satisfies, 'rpm', 'api = 2.0', { provides: ['api < 3'] }, true);
test(satisfies, 'rpm', 'libssl.so.10()(64bit)', { provides: ['libssl.so.10'] }, false);
test(satisfies, 'rpm', '/bin/sh', { files: ['/bin/sh'] }, true);
test(satisfies, 'rpm', '/bin/sh', { files: ['/usr/bin/sh'] }, true);
test(satisfies, 'rpm', '/usr/bin/sh', { provides: ['/bin/sh'] }, false);
test(satisfies, 'rpm', '/usr/sbin/sendmail', { ghosts: ['/usr/sbin/sendmail'] }, true);
test(satisfies, 'rpm', '/opt/bin/sh', { files: ['/bin/sh'] }, false);
const gcc8: Requirement = [
  { name: 'gcc', operator: '>=', version: '8', with: [{ name: 'gcc', operator: '<', version: '9' }] },
];
test(satisfies, 'rpm', gcc8, { name: 'gcc', version: '8.5-1' }, true);
test(satisfies, 'rpm', gcc8, { name: 'gcc', version: '9.1-1' }, false);
const notNine: Requirement = [{ name: 'gcc', without: [{ name: 'gcc', operator: '=', version: '9' }] }];
test(satisfies, 'rpm', notNine, { name: 'gcc', version: '8.5-1' }, true);
test(satisfies, 'rpm', notNine, { name: 'gcc', version: '9-1' }, false);
const bothFromOne: Requirement = [{ name: 'php', with: [{ name: 'php-fpm' }] }];
test(satisfies, 'rpm', bothFromOne, { provides: ['php', 'php-fpm'] }, true);
test(satisfies, 'rpm', bothFromOne, { provides: ['php'] }, false);

// apk: operators, words with versions, `~`.
test(satisfies, 'apk', 'lib>=1.2', { name: 'lib', version: '1.10-r0' }, true);
test(satisfies, 'apk', 'lib<1.2', { name: 'lib', version: '1.10-r0' }, false);
test(satisfies, 'apk', 'lib=1.2-r1', { name: 'lib', version: '1.2-r1' }, true);
test(satisfies, 'apk', 'lib~1.2', { name: 'lib', version: '1.2.9-r3' }, true);
test(satisfies, 'apk', 'lib~1.2', { name: 'lib', version: '1.20-r0' }, false);
test(satisfies, 'apk', 'lib~=1.2', { name: 'lib', version: '1.2.9-r3' }, true);
test(satisfies, 'apk', 'so:libc.musl-x86_64.so.1', { provides: ['so:libc.musl-x86_64.so.1=1'] }, true);
test(satisfies, 'apk', 'pc:zlib>=1.2', { provides: ['pc:zlib=1.3'] }, true);
test(satisfies, 'apk', 'pc:zlib>=1.4', { provides: ['pc:zlib=1.3'] }, false);
test(satisfies, 'apk', 'api>=1', { provides: ['api'] }, false);
test(satisfies, 'apk', 'api', { provides: ['api'] }, true);

// pacman: names provided without a version satisfy none; sonames carry one.
test(satisfies, 'pacman', 'lib>=2', { name: 'lib', version: '2.0-1' }, true);
test(satisfies, 'pacman', 'lib=2.0', { name: 'lib', version: '2.0-7' }, true);
test(satisfies, 'pacman', 'lib>2.0', { name: 'lib', version: '2.0-7' }, false);
test(satisfies, 'pacman', 'lib<3', { name: 'lib', version: '1:1.0-1' }, false);
test(satisfies, 'pacman', 'libssl.so=3-64', { provides: ['libssl.so=3-64'] }, true);
test(satisfies, 'pacman', 'libssl.so=1-64', { provides: ['libssl.so=3-64'] }, false);
test(satisfies, 'pacman', 'api>=1', { provides: ['api'] }, false);
test(satisfies, 'pacman', 'api>=1', { provides: ['api=1.5'] }, true);
test(satisfies, 'pacman', 'sh', { provides: ['sh'] }, true);

// What a resolver certainly takes, and what it may take otherwise.
test('a shared library is not named: an archive has one package of it', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['libz.so.1()(64bit)', 'libz.so.1(ZLIB_1.2.0)(64bit)'] },
    { name: 'zlib', provides: ['libz.so.1()(64bit)', 'libz.so.1(ZLIB_1.2.0)(64bit)'] },
  ],
  named: ['app'],
});
test('a variant that refuses another package is named, because that one would do as well', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['libcurl.so.4()(64bit)'] },
    { name: 'libcurl-minimal', provides: ['libcurl.so.4()(64bit)'], conflicts: ['libcurl'] },
  ],
  named: ['app', 'libcurl-minimal'],
});
test('who refuses only old versions of another has no rival', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['libc.so.6()(64bit)'] },
    { name: 'glibc', provides: ['libc.so.6()(64bit)'], conflicts: ['kernel < 2.6.32'] },
  ],
  named: ['app'],
});
test('whoever provides a plain name is named: several packages do', names, {
  family: 'rpm',
  packages: [
    { name: 'mutt', needs: ['smtpdaemon'] },
    { name: 'postfix', provides: ['smtpdaemon'] },
  ],
  named: ['mutt', 'postfix'],
});
test('a package that is asked for by its name, its architecture or its configuration is not named', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['libs', 'libs(x86-64) = 1.0-1', 'config(libs) = 1.0-1'] },
    { name: 'libs', provides: ['libs(x86-64) = 1.0-1', 'config(libs) = 1.0-1'] },
  ],
  named: ['app'],
});
test('modules of languages and descriptions of libraries have one provider', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['perl(Carp)', 'python3.9dist(six)', 'pkgconfig(zlib) >= 1.2'] },
    { name: 'perl-Carp', provides: ['perl(Carp) = 1.26'] },
    { name: 'python3-six', provides: ['python3.9dist(six) = 1.15'] },
    { name: 'zlib-devel', provides: ['pkgconfig(zlib) = 1.2.7'] },
  ],
  named: ['app'],
});
test('the owner of a file that is asked for is not named, its ghost is', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['/usr/bin/perl', '/usr/sbin/sendmail'] },
    { name: 'perl', files: ['/usr/bin/perl'] },
    { name: 'postfix', ghosts: ['/usr/sbin/sendmail'] },
  ],
  named: ['app', 'postfix'],
});
test('of the alternatives of a rich dependency the one that is there is named', names, {
  family: 'rpm',
  packages: [{ name: 'app', needs: ['util-linux-core | util-linux'] }, { name: 'util-linux' }],
  named: ['app', 'util-linux'],
});
test('a package of 32 bits is named where only its name is asked for, not where its library is', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['helper'] },
    { name: 'app32', architecture: 'i686', needs: ['libold.so.1'] },
    { name: 'helper', architecture: 'i686' },
    { name: 'libold', architecture: 'i686', provides: ['libold.so.1'] },
  ],
  named: ['app', 'app32', 'helper'],
});
test('both architectures of one package are named, since a name is satisfied by either', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['libs = 1.0-1'] },
    { name: 'libs', architecture: 'i686' },
    { name: 'libs', architecture: 'x86_64' },
  ],
  named: ['app', 'libs', 'libs'],
});
test('two versions of one package are both named', names, {
  family: 'rpm',
  packages: [
    { name: 'app', needs: ['java'] },
    { name: 'java', version: '8-1' },
    { name: 'java', version: '11-1' },
  ],
  named: ['app', 'java', 'java'],
});
test('what is recommended makes no edge', names, {
  family: 'rpm',
  packages: [{ name: 'app' }, { name: 'extra' }],
  named: ['app', 'extra'],
});
test('what only the kernel needs is named', names, {
  family: 'rpm',
  packages: [{ name: 'kernel', kernel: true, needs: ['dracut'] }, { name: 'dracut' }],
  named: ['dracut'],
});
test('libraries and modules are not named, programs are: many packages bring one of a name', names, {
  family: 'apk',
  packages: [
    { name: 'app', needs: ['so:libz.so.1', 'pc:zlib', 'cmd:awk'] },
    { name: 'zlib', provides: ['so:libz.so.1=1.2'] },
    { name: 'zlib-dev', provides: ['pc:zlib=1.2'] },
    { name: 'gawk', provides: ['cmd:awk=5.1'] },
  ],
  named: ['app', 'gawk'],
});
test('a virtual name decides nothing', names, {
  family: 'apk',
  packages: [
    { name: 'app', needs: ['/bin/sh'] },
    { name: 'busybox-binsh', provides: ['/bin/sh'] },
  ],
  named: ['app', 'busybox-binsh'],
});
test('what refuses another package is named', names, {
  family: 'apk',
  packages: [
    { name: 'app', needs: ['so:libssl.so.3'] },
    { name: 'libressl', provides: ['so:libssl.so.3=3'], conflicts: ['openssl'] },
  ],
  named: ['app', 'libressl'],
});
test('what comes by itself once its conditions are there is not named', names, {
  family: 'apk',
  packages: [
    { name: 'docs' },
    { name: 'curl' },
    { name: 'curl-doc', installIf: 'docs curl=1.0-1' },
    { name: 'curl-zsh', installIf: 'curl zsh' },
  ],
  named: ['curl', 'curl-zsh', 'docs'],
});
test('of conditions that wait for each other one is named', names, {
  family: 'apk',
  packages: [
    { name: 'a', installIf: 'b' },
    { name: 'b', installIf: 'a' },
  ],
  named: ['a'],
});
test('a trigger that only what it triggers needs does not vanish with it', names, {
  family: 'apk',
  packages: [{ name: 'top', needs: ['cond'], installIf: 'cond' }, { name: 'cond' }],
  named: ['top'],
});
test('what a virtual package of `apk add --virtual` asked for is named in its place', names, {
  family: 'apk',
  packages: [
    { name: '.build-deps', needs: ['gcc'] },
    { name: 'gcc', needs: ['so:libc.so'] },
    { name: 'musl', provides: ['so:libc.so=1'] },
  ],
  named: ['gcc'],
});
test('a package of that name comes before whoever provides it, and libraries are not named', names, {
  family: 'pacman',
  packages: [
    { name: 'app', needs: ['openssl', 'libz.so=1-64', 'java-runtime'] },
    { name: 'openssl', conflicts: ['libressl'] },
    { name: 'zlib', provides: ['libz.so=1-64'] },
    { name: 'jre-openjdk', provides: ['java-runtime=21'] },
  ],
  named: ['app', 'jre-openjdk'],
});
test('a library of a package that stands for another is named', names, {
  family: 'pacman',
  packages: [
    { name: 'app', needs: ['libz.so=1-64'] },
    { name: 'zlib-ng-compat', provides: ['zlib', 'libz.so=1-64'], conflicts: ['zlib'] },
  ],
  named: ['app', 'zlib-ng-compat'],
});

test('rpm: what nothing on the machine satisfies is known with its package', (t) => {
  const packages = [build('rpm', { name: 'app', needs: ['gone >= 2', 'libgone.so.1()(64bit)'] })];
  const { unsatisfied } = dependencyGraph(indexPackages(packages, 'rpm', ARCHITECTURE), new Set());
  t.deepEqual(
    unsatisfied.map(({ node, requirement }) => [node, requirement[0]!.name]),
    [
      [0, 'gone'],
      [0, 'libgone.so.1()(64bit)'],
    ],
  );
});

test('rpm: of a package that says one name in thousands of versions only the first few are looked at', (t) => {
  const provides = Array.from({ length: 20_000 }, (_, number) => `x = ${number}`);
  const packages = [
    build('rpm', { name: 'app', needs: ['x = 7', 'x = 19000'] }),
    build('rpm', { name: 'bomb', provides }),
  ];
  const index = indexPackages(packages, 'rpm', ARCHITECTURE);
  t.deepEqual(
    packages[0]!.depends.map((requirement) => satisfiersOf(index, packages[0]!, requirement)),
    [[1], []],
  );
});
