import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { OperatingSystem } from '../../../src/model/os.js';
import type { InstallPlan } from '../../../src/model/plan.js';
import { availableCommands } from '../../../src/render/dockerfile/ask-versions.js';
import { otherInstallCommands } from '../../../src/render/dockerfile/install-others.js';
import { pacmanSetup } from '../../../src/render/dockerfile/install-pacman.js';

const PLAN: InstallPlan = {
  manager: 'rpm',
  named: ['acme-web', 'glibc:i686', 'redis'],
  pins: [
    { source: 'acme', packages: ['acme-web'], version: '1:2.0-1' },
    { source: 'glibc', packages: ['glibc:i686'], version: '2.17-317.el7' },
    { source: 'redis', packages: ['jemalloc', 'redis'], version: '3.2.12-2.el7' },
  ],
  remove: [],
  sources: null,
  foreignArchitectures: [],
  reduction: { before: 4, after: 3 },
};

function system(id: string, versionId: string, idLike: readonly string[] = []): OperatingSystem {
  return { id, idLike, versionId, codename: null, prettyName: id, architecture: 'x86_64', evidence: [] };
}

const CENTOS = system('centos', '7', ['rhel', 'fedora']);
const ROCKY = system('rocky', '9.3', ['rhel', 'centos', 'fedora']);
const LEAP = system('opensuse-leap', '15.6', ['suse', 'opensuse']);
const MAGEIA = system('mageia', '9', ['mandriva']);
const ALPINE = system('alpine', '3.19');
const ARCH = system('arch', '20260101');

/**
 * Runs the commands as a RUN does, with programs that only note how they are called. What is written below /tmp goes to
 * a folder of the test.
 * @param behave Shell text of every such program; `$0` is its name.
 * @returns one line a call, the words in brackets.
 */
function run(t: ExecutionContext, plan: Partial<InstallPlan>, os: OperatingSystem, behave = ''): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'install-families-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const programs = ['yum', 'dnf', 'microdnf', 'zypper', 'urpmi', 'urpmi.update', 'apk', 'pacman', 'rpm', 'rm'];
  mkdirSync(join(folder, 'bin'));
  for (const name of programs) {
    const file = join(folder, 'bin', name);
    const note = `{ printf '%s' ${name}; printf ' [%s]' "$@"; echo; } >>${folder}/calls`;
    writeFileSync(file, `#!/bin/sh\nname=${name} folder=${folder}\n${note}\n${behave}\n`);
    chmodSync(file, 0o755);
  }
  const commands = otherInstallCommands({ ...PLAN, ...plan }, os);
  const script = `set -eu\n${commands.join('\n')}`.replaceAll('/tmp/vm2docker', `${folder}/scratch`);
  const result = spawnSync('sh', ['-c', script], {
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
    encoding: 'utf8',
  });
  t.is(result.status, 0, result.stderr);
  return readFileSync(join(folder, 'calls'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.replaceAll(folder, ''));
}

const installs = (calls: readonly string[], manager: string): string[] =>
  calls.filter((line) => line.startsWith(`${manager} `) && /\[(?:install|-S|add)\]|^urpmi /.test(line));

const checked = test.macro({
  exec(t, os: OperatingSystem, manager: string, expected: readonly string[], plan: Partial<InstallPlan> = {}) {
    const calls = run(t, { isChecked: true, ...plan }, os);
    t.deepEqual(installs(calls, manager), expected);
  },
  title: (_, __, manager, ___, plan) =>
    `${manager} is told exact versions once${plan === undefined ? '' : `: ${JSON.stringify(plan)}`}`,
});
const RPM_SPECS = '[acme-web-1:2.0-1] [glibc-2.17-317.el7.i686] [redis-3.2.12-2.el7]';
test(checked, CENTOS, 'yum', [
  `yum [-y] [--setopt=tsflags=] [--setopt=install_weak_deps=False] [install] ${RPM_SPECS}`,
]);
test(checked, ROCKY, 'dnf', [
  `dnf [-y] [--setopt=tsflags=] [--setopt=install_weak_deps=False] [--allowerasing] [install] ${RPM_SPECS}`,
]);
test(
  checked,
  ROCKY,
  'microdnf',
  [`microdnf [-y] [--setopt=tsflags=] [--setopt=install_weak_deps=0] [install] ${RPM_SPECS}`],
  { program: 'microdnf' },
);
test(checked, LEAP, 'zypper', [
  'zypper [--gpg-auto-import-keys] [--non-interactive] [install] [--no-recommends] [--oldpackage] [--auto-agree-with-licenses] [acme-web=1:2.0-1] [glibc.i686=2.17-317.el7] [redis=3.2.12-2.el7]',
]);
test(checked, MAGEIA, 'urpmi', [
  'urpmi [--auto] [--no-recommends] [--downgrade] [acme-web-2.0-1] [glibc-2.17-317.el7.i686] [redis-3.2.12-2.el7]',
]);
test(checked, ALPINE, 'apk', ['apk [add] [--no-cache] [redis=7.0.1-r0]'], {
  manager: 'apk',
  named: ['redis'],
  pins: [{ source: 'redis', packages: ['redis'], version: '7.0.1-r0' }],
});
test(checked, ARCH, 'pacman', ['pacman [--config] [/scratch-pacman.conf] [-S] [--noconfirm] [--needed] [redis]'], {
  manager: 'pacman',
  named: ['redis'],
});

test('yum is asked again for what only its downgrade takes, and whether all is there', (t) => {
  const calls = run(t, { isChecked: true }, CENTOS);
  t.deepEqual(calls.slice(0, 3), [
    `yum [-y] [--setopt=tsflags=] [--setopt=install_weak_deps=False] [install] ${RPM_SPECS}`,
    `yum [-y] [--setopt=tsflags=] [--setopt=install_weak_deps=False] [downgrade] ${RPM_SPECS}`,
    'rpm [--query] [acme-web] [glibc.i686] [redis]',
  ]);
});

test('yum of Red Hat 5, which knows no --setopt, gets a configuration', (t) => {
  const commands = otherInstallCommands(
    { ...PLAN, sources: ['http://archive.invalid/$releasever/os/$basearch'] },
    system('centos', '5'),
  );
  const text = commands.join('\n');
  t.false(text.includes('--setopt'));
  t.regex(
    text,
    /sed -e '\/\^ \*tsflags\/d' .*reposdir=\/tmp\/vm2docker-repositories\|' \/etc\/yum\.conf >\/tmp\/vm2docker-yum\.conf/,
  );
  t.regex(text, /install\(\) \{ yum -c \/tmp\/vm2docker-yum\.conf /);
});

/** rpm knows the file `installed`, and dnf writes it: `VERSION NAME` lines; `gone` holds what cannot be had. */
const ARCHIVE = `
case $name in
rpm)
  for last; do :; done
  case $* in *--queryformat*) sed -n "s/ $last\\$//p" "$folder/installed" | grep . ;; *) grep -q " $last\\$" "$folder/installed" ;; esac
  exit $? ;;
dnf)
  seen=
  for word; do
    test -z "$seen" || case $word in
    redis-3.2.12-2.el7) exit 1 ;;
    redis) echo "6.0-1 redis" ;;
    acme-web-*) echo "1:2.0-1 acme-web"; echo "9.9-1 jemalloc" ;;
    jemalloc-*) sed -i '/jemalloc/d' "$folder/installed"; echo "3.2.12-2.el7 jemalloc" ;;
    glibc-*) echo "2.17-317.el7 glibc.i686" ;;
    esac >>"$folder/new"
    test "$word" != install || { seen=1; : >"$folder/new"; }
  done
  test -z "$seen" || cat "$folder/new" >>"$folder/installed" ;;
esac
touch "$folder/installed"
`;

test('without having asked, what can be had is installed, dependencies are corrected, and what is gone comes in another version', (t) => {
  const calls = installs(run(t, {}, ROCKY, ARCHIVE), 'dnf').map((line) => line.replace(/^.*\[install\] /, ''));
  t.deepEqual(calls, [
    RPM_SPECS,
    // One is gone: each alone.
    '[acme-web-1:2.0-1]',
    '[glibc-2.17-317.el7.i686]',
    '[redis-3.2.12-2.el7]',
    // What is not as it was on the machine, together, and then alone.
    '[jemalloc-3.2.12-2.el7] [redis-3.2.12-2.el7]',
    '[jemalloc-3.2.12-2.el7]',
    '[redis-3.2.12-2.el7]',
    // What is missing altogether, in any version.
    '[redis]',
  ]);
});

test('apk takes another version of what is gone', (t) => {
  const calls = run(
    t,
    {
      manager: 'apk',
      named: ['curl', 'redis'],
      pins: [
        { source: 'redis', packages: ['redis'], version: '7.0.1-r0' },
        { source: 'curl', packages: ['curl'], version: '8.1-r0' },
      ],
    },
    ALPINE,
    'case "$*" in *redis=*) exit 1 ;; esac',
  );
  t.deepEqual(installs(calls, 'apk'), [
    'apk [add] [--no-cache] [curl=8.1-r0] [redis=7.0.1-r0]',
    'apk [add] [--no-cache] [curl=8.1-r0]',
    'apk [add] [--no-cache] [redis=7.0.1-r0]',
    'apk [add] [--no-cache] [redis]',
  ]);
});

const sourced = test.macro({
  exec(t, os: OperatingSystem, plan: Partial<InstallPlan>, expected: RegExp) {
    const text = otherInstallCommands({ ...PLAN, isChecked: true, ...plan }, os).join('\n');
    t.regex(text, expected);
  },
  title: (_, os: OperatingSystem) => `other sources take the place of the base's: ${os.id} ${os.versionId}`,
});
const VAULT = { sources: ["http://vault.invalid/7.9/os/$basearch?'"] };
test(
  sourced,
  CENTOS,
  VAULT,
  /repository 1 'http:\/\/vault\.invalid\/7\.9\/os\/\$basearch\?'\\'''[\s\S]*yum --setopt=reposdir=\/tmp\/vm2docker-repositories -y/,
);
test(
  sourced,
  LEAP,
  VAULT,
  /zypper --gpg-auto-import-keys --reposd-dir \/tmp\/vm2docker-repositories --non-interactive install/,
);
test(
  sourced,
  ALPINE,
  { manager: 'apk', sources: ['http://old.invalid/v3.9/main'] },
  /'%s\\n' http:\/\/old\.invalid\/v3\.9\/main >>\/tmp\/vm2docker-repositories\n[\s\S]*apk --repositories-file \/tmp\/vm2docker-repositories add/,
);
test(
  sourced,
  ARCH,
  { manager: 'pacman', sources: ['core=http://day.invalid/core/os/x86_64'] },
  /repository core http:\/\/day\.invalid\/core\/os\/x86_64/,
);

test('documents and languages that images leave out are switched on', (t) => {
  const dnf = otherInstallCommands(PLAN, ROCKY).join('\n');
  t.regex(dnf, /_install_langs all\\n%%_excludedocs 0\\n' >\/tmp\/vm2docker-home\/\.rpmmacros/);
  t.regex(dnf, /--setopt=tsflags= /);
  t.regex(otherInstallCommands(PLAN, LEAP).join('\n'), /excludedocs = no.*export ZYPP_CONF=/);
});

const UNWANTED =
  '[options]\nNoExtract = usr/share/man/*\n NoExtract = *\nCheckSpace\nDownloadUser = alpm\nColor\n[core]\nInclude = list\n';

test('pacman gets the configuration of the base without what images leave out and what containers do not allow', (t) => {
  // An old pacman, which has no program that shows its configuration.
  const write = pacmanConfiguration(t, UNWANTED, 'exit 127');
  t.is(write(null), '[options]\nColor\n[core]\nInclude = list\n');
  t.is(write(['extra=http://day.invalid/$repo']), '[options]\nColor\n\n[extra]\nServer = http://day.invalid/$repo\n');
});

test('what files that the configuration includes leave out is switched on, too', (t) => {
  const shown = '[options]\nRootDir = /\nNoExtract = usr/share/doc/*\nColor\n[core]\nServer = file:///mirror\n';
  const write = pacmanConfiguration(t, UNWANTED, `printf '${shown}'`);
  t.is(write(null), '[options]\nRootDir = /\nColor\n[core]\nServer = file:///mirror\n');
});

/** @param show What `pacman-conf` does, as shell text. @returns what the commands write for given sources. */
function pacmanConfiguration(t: ExecutionContext, base: string, show: string) {
  const folder = mkdtempSync(join(tmpdir(), 'pacman-configuration-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'pacman.conf'), base);
  writeFileSync(join(folder, 'pacman-conf'), `#!/bin/sh\n${show}\n`, { mode: 0o755 });
  return (sources: InstallPlan['sources']): string => {
    const commands = pacmanSetup({ ...PLAN, manager: 'pacman', sources })
      .prepare.slice(0, -1)
      .join('\n');
    const script = commands.replaceAll('/etc/', `${folder}/`).replaceAll('/tmp/vm2docker', `${folder}/scratch`);
    execFileSync('sh', ['-euc', script], { env: { PATH: `${folder}:${process.env.PATH}` } });
    return readFileSync(join(folder, 'scratch-pacman.conf'), 'utf8');
  };
}

for (const os of [CENTOS, ROCKY, LEAP, MAGEIA, ALPINE, ARCH, system('centos', '5')]) {
  for (const isChecked of [true, false]) {
    test(`the script of ${os.id} ${os.versionId} is valid for the smallest shell${isChecked ? '' : ' when nobody asked'}`, (t) => {
      const manager = os === ALPINE ? 'apk' : os === ARCH ? 'pacman' : 'rpm';
      const accounts = {
        users: [{ name: 'x', uid: 900, gid: 900, comment: "O'Hara", home: '/', shell: '/bin/sh' }],
        groups: [{ name: 'x', gid: 900 }],
      };
      const plan = {
        ...PLAN,
        manager,
        isChecked,
        accounts,
        remove: ['old'],
        trimmed: ['/var/lib/big file'],
        sources: ['a=b c'],
      } as const;
      t.notThrows(() => execFileSync('dash', ['-n'], { input: otherInstallCommands(plan, os).join('\n') }));
    });
  }
}

for (const os of [CENTOS, ROCKY, LEAP, MAGEIA, ALPINE, ARCH]) {
  test(`the question for versions is valid for the smallest shell: ${os.id} ${os.versionId}`, (t) => {
    const manager = os === ALPINE ? 'apk' : os === ARCH ? 'pacman' : 'rpm';
    for (const sources of [null, ['a=b c']]) {
      const script = availableCommands({ ...PLAN, manager, sources }, os, ['redis', 'less']).join('\n');
      t.notThrows(() => execFileSync('dash', ['-n'], { input: script }));
    }
  });
}
