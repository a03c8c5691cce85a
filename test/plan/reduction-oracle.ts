/**
 * Asks apt itself whether reduced lists are right: for many sets of packages, what `apt-get install` of the set would
 * install on a minimal root is taken as a machine, reduced, and the reduced list simulated on the same root.
 *
 *     mmdebstrap --variant=minbase bookworm ROOT && chroot ROOT apt-get update
 *     npx tsx test/plan/reduction-oracle.ts ROOT debian 12 [RANDOM_SETS]
 *
 * Needs root (chroot). Prints one line for each machine: before, after, percent saved, and what differs.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { parseRelations, parseRequirements } from '../../src/inspect/packages/dpkg/relations.js';
import type { OperatingSystem } from '../../src/model/os.js';
import type { InstalledPackage } from '../../src/model/packages.js';
import { reducePackages } from '../../src/plan/resolver/reduce.js';

const SETS: readonly string[][] = [
  ['nginx', 'postgresql', 'redis-server', 'openssh-server'],
  ['exim4', 'bsd-mailx', 'dovecot-imapd', 'spamassassin'],
  ['postfix', 'bsd-mailx', 'mutt', 'opendkim'],
  ['apache2', 'php', 'libapache2-mod-php', 'php-mysql', 'mariadb-server', 'phpmyadmin'],
  ['php-fpm', 'nginx-full', 'php-gd', 'php-xml'],
  ['xfce4', 'firefox-esr', 'lightdm', 'cups'],
  ['task-gnome-desktop'],
  ['default-jdk', 'tomcat9', 'maven', 'git'],
  ['python3-django', 'gunicorn', 'libpq-dev', 'build-essential'],
  ['ruby-full', 'nodejs', 'npm', 'rails'],
  ['samba', 'winbind', 'slapd', 'krb5-kdc', 'bind9'],
  ['linux-image-amd64', 'grub-pc', 'initramfs-tools', 'systemd-sysv', 'ifupdown', 'isc-dhcp-client', 'rsyslog', 'cron'],
  ['sysvinit-core', 'openssh-server', 'ntp'],
  ['docker.io', 'qemu-system-x86', 'libvirt-daemon-system'],
  ['emacs-nox', 'vim', 'gawk', 'original-awk', 'texlive-latex-base', 'r-base'],
  ['mysql-server', 'mongodb', 'rabbitmq-server', 'memcached', 'haproxy', 'varnish', 'squid'],
  ['dbus-x11', 'xterm', 'openbox', 'chromium'],
  ['busybox-syslogd', 'lighttpd', 'nullmailer', 'anacron'],
];

const [root, id = 'debian', versionId, count = '0'] = process.argv.slice(2);
if (root === undefined) throw new Error('usage: reduction-oracle.ts ROOT ID VERSION_ID [RANDOM_SETS]');
const os = { id, idLike: [], versionId: versionId ?? null } as unknown as OperatingSystem;
const architecture = execFileSync('chroot', [root, 'dpkg', '--print-architecture'], { encoding: 'utf8' }).trim();
const installed = readParagraphs(`${root}/var/lib/dpkg/status`);
const archive = new Map<string, InstalledPackage[]>();
for (const file of readdirSync(`${root}/var/lib/apt/lists`).filter((name) => name.endsWith('_Packages'))) {
  for (const item of readParagraphs(`${root}/var/lib/apt/lists/${file}`)) {
    archive.set(item.name, [...(archive.get(item.name) ?? []), item]);
  }
}
const bad = [...SETS, ...randomSets(Number(count))].map(check).filter((ok) => !ok).length;
console.log(`${bad} machines differ`);
process.exitCode = bad === 0 ? 0 : 1;

function check(wanted: readonly string[], number: number): boolean {
  const present = wanted.filter((name) => archive.has(name));
  const machineSet = simulate(present, number % 2 === 0);
  if (machineSet === null) {
    console.log(`${present.join(' ')}: not installable together`);
    return true;
  }
  const added = [...machineSet.keys()].map((key) => {
    const [name, itsArchitecture] = key.split(':') as [string, string];
    const version = machineSet.get(key)!;
    const found = archive.get(name)?.find((item) => item.version === version && item.architecture === itsArchitecture);
    if (found === undefined) throw new Error(`${key} ${version} is in no list`);
    return found;
  });
  const replaced = new Set(added.map((item) => item.name));
  const machine = [...installed.filter((item) => !replaced.has(item.name)), ...added];
  const reduction = reducePackages(machine, { manager: 'dpkg', architecture, os });
  const expected = new Set(machine.filter((item) => !item.kernel).map((item) => item.name));
  const result = simulate(
    reduction.named.map((item) => item.name),
    false,
  );
  const got = new Set(installed.map((item) => item.name));
  for (const key of result?.keys() ?? []) got.add(key.split(':')[0]!);
  const missing = [...expected].filter((name) => !got.has(name));
  const extra = [...got].filter((name) => !expected.has(name) && !(archive.get(name)?.[0]?.kernel ?? false));
  const before = reduction.full.length;
  const after = reduction.named.length;
  const percent = (100 * (1 - after / before)).toFixed(1);
  const verdict =
    missing.length + extra.length === 0 ? 'equal' : `MISSING ${missing.join(' ')} EXTRA ${extra.join(' ')}`;
  console.log(`${present.slice(0, 4).join(' ')}: ${before} → ${after} (${percent} %) ${verdict}`);
  return missing.length + extra.length === 0;
}

/** What apt would install, `name:architecture` → version; null when it cannot. */
function simulate(names: readonly string[], recommends: boolean): Map<string, string> | null {
  const flag = recommends ? '--install-recommends' : '--no-install-recommends';
  let output: string;
  try {
    output = execFileSync('chroot', [root!, 'apt-get', '-s', '-y', flag, 'install', ...names], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch {
    return null;
  }
  const result = new Map<string, string>();
  for (const match of output.matchAll(/^Inst (\S+?)(?::(\S+))? (?:\[\S+\] )?\((\S+) .*\[(\S+)\]\)/gm)) {
    result.set(`${match[1]}:${match[4]}`, match[3]!);
  }
  return result;
}

/** Sets of 1 to 30 packages, the same in every run. */
function randomSets(sets: number): string[][] {
  const names = [...archive.keys()].sort();
  let seed = 42;
  const next = (limit: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  return Array.from({ length: sets }, () => Array.from({ length: 1 + next(30) }, () => names[next(names.length)]!));
}

function readParagraphs(path: string): InstalledPackage[] {
  return readFileSync(path, 'utf8')
    .split('\n\n')
    .filter((text) => text.trim() !== '' && !/^Status: .*(config-files|not-installed)$/m.test(text))
    .map(toPackage);
}

function toPackage(text: string): InstalledPackage {
  const fields = new Map<string, string>();
  for (const match of text.matchAll(/^([\w-]+):[ \t]*(.*)$/gm)) fields.set(match[1]!, match[2]!);
  const name = fields.get('Package')!;
  const field = (key: string): string => fields.get(key) ?? '';
  return {
    name,
    version: field('Version'),
    architecture: field('Architecture'),
    source: { name: field('Source') || name, version: field('Version') },
    auto: null,
    held: false,
    essential: field('Essential') === 'yes',
    priority: fields.get('Priority') ?? null,
    section: fields.get('Section') ?? null,
    maintainer: null,
    multiArch: (field('Multi-Arch') || 'no') as InstalledPackage['multiArch'],
    depends: [...parseRequirements(field('Pre-Depends')), ...parseRequirements(field('Depends'))],
    recommends: [],
    conflicts: [],
    provides: parseRelations(field('Provides')),
    kernel: /^linux-(image|headers|modules)-/.test(name),
    files: [],
    hasDigests: true,
    origin: { kind: 'distribution', available: true, vendor: null, confidence: 'certain', reason: '' },
    evidence: { path: '/var/lib/dpkg/status' },
  } as InstalledPackage;
}
