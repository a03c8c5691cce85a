import type { FileRecord } from '../../model/files.js';
import type { InstalledPackage } from '../../model/packages.js';
import { compiledPythonSource } from '../companions.js';
import type { MachineFiles } from '../files.js';

/**
 * What an installation of the same packages makes again although no package lists it. `same`: with the same content,
 * so an exact delta leaves it out; `doubtful`: perhaps; `own`: the machine's own.
 *
 * Measured by rebuilding a Debian 12 server from its package list: compiled Python, locale archive, ld.so.cache and
 * alternatives come out equal but for their times.
 */
export type Recreation = 'same' | 'doubtful' | 'own';

const SAME: readonly RegExp[] = [
  /^\/var\/lib\/dpkg\/(?:info|alternatives)\//,
  /^\/etc\/alternatives\//,
  /^\/etc\/ld\.so\.cache$/,
  /^\/usr\/lib\/locale\/locale-archive$/,
  /^\/usr\/lib\/[^/]+\/gconv\/gconv-modules\.cache$/,
  /^\/etc\/ssl\/certs\//,
  /^\/etc\/rc[0-6S]\.d\//,
  /^\/etc\/systemd\/(?:system|user)\/[^/]+\.(?:wants|requires)\//,
  /^\/var\/lib\/systemd\/deb-systemd-(?:user-)?helper-(?:enabled|masked)\//,
  /^\/usr\/share\/mime\//,
  /^\/usr\/lib\/udev\/hwdb\.bin$/,
  /^\/var\/lib\/systemd\/catalog\//,
  /^\/usr\/share\/glib-2\.0\/schemas\/gschemas\.compiled$/,
];

const DOUBTFUL: readonly RegExp[] = [
  /^\/var\/lib\/(?:ucf|pam|python|emacsen-common|xml-core|sgml-base)\//,
  /^\/var\/cache\/(?:fontconfig|ldconfig)\//,
  /^\/usr\/share\/info\/dir/,
  /^\/usr\/share\/icons\/[^/]+\/icon-theme\.cache$/,
  /^\/usr\/lib\/[^/]+\/(?:gdk-pixbuf-2\.0|gio|gtk-[234]\.0)\//,
  /^\/var\/cache\/debconf\/(?:config|templates)\.dat(?:-old)?$/,
  /^\/etc\/(?:pam\.d|default|java-[^/]+|emacs|perl)\//,
];

export function recreation(record: FileRecord, installation: Installation): Recreation {
  const { path, mtime } = record.entry;
  const { records } = installation;
  // Its packaged content under another owner or mode: the package's script sets those again.
  if (record.state === 'unchanged' && installation.brings(record)) return 'same';
  if (record.state !== 'unowned') return 'own';
  if (record.entry.type === 'directory') return 'same';
  if (compiledPythonSource(path, records)) return 'same';
  if (record.entry.type === 'symlink' && record.entry.target?.startsWith('/etc/alternatives/') === true) return 'same';
  if (SAME.some((pattern) => pattern.test(path))) return 'same';
  if (CLUSTER.test(path)) return !CLUSTER_OWN.test(path) && installation.isTime(mtime) ? 'same' : 'own';
  if (DOUBTFUL.some((pattern) => pattern.test(path))) return 'doubtful';
  // A script writes its configuration while it installs; so does a person who goes on at once.
  return path.startsWith('/etc/') && installation.isTime(mtime) ? 'doubtful' : 'own';
}

/**
 * A cluster that nobody wrote to since its package was installed comes out equal, and so does its configuration, but for
 * its log, its statistics and the number that it was given.
 */
const CLUSTER = /^\/(?:var\/lib|etc)\/postgresql\/[^/]+\/[^/]+\//;
const CLUSTER_OWN = /\/(?:pg_(?:wal|xlog|stat|stat_tmp|log|dynshmem|replslot)\/|global\/pg_control$|postmaster\.)/;

/**
 * Files that the scripts of packages make, of those that matter for the size of a layer: the clusters of PostgreSQL.
 * The log is not among them, since what no machine keeps is removed where it is large.
 */
export function madeByScripts(files: MachineFiles, packages: readonly InstalledPackage[]): string[] {
  const servers = packages.flatMap(({ name }) => /^postgresql-(\d[\d.]*)$/.exec(name)?.[1] ?? []);
  if (servers.length === 0) return [];
  const folders = servers.map((version) => `/var/lib/postgresql/${version}/`);
  const installation = installationOf(files.machine.files.records, new Set());
  return files.kept
    .filter(({ entry }) => entry.type === 'file' && folders.some((folder) => entry.path.startsWith(folder)))
    .filter((record) => recreation(record, installation) === 'same')
    .map(({ entry }) => entry.path);
}

/** When and what package managers installed on a machine. */
export interface Installation {
  readonly records: ReadonlyMap<string, FileRecord>;
  /** Whether packages that layers below install list the file. */
  brings(record: FileRecord): boolean;
  /** Whether something was being installed at a time (seconds since 1970). */
  isTime(seconds: number): boolean;
}

/** A package's script runs within minutes after dpkg wrote the list of its files. */
const INSTALLATION_SECONDS = 300;

export function installationOf(records: ReadonlyMap<string, FileRecord>, installed: ReadonlySet<string>): Installation {
  const times: number[] = [];
  for (const [path, { entry }] of records) {
    if (path.startsWith('/var/lib/dpkg/info/') && path.endsWith('.list')) times.push(entry.mtime);
  }
  times.sort((a, b) => a - b);
  return {
    records,
    brings: (record) => record.owners.some((owner) => installed.has(owner)),
    isTime(seconds) {
      let [low, high] = [0, times.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle]! <= seconds) low = middle + 1;
        else high = middle;
      }
      const latest = times[low - 1];
      return latest !== undefined && seconds - latest <= INSTALLATION_SECONDS;
    },
  };
}
