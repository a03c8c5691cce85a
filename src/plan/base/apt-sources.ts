import type { OperatingSystem } from '../../model/os.js';
import type { Archive, PackageDatabase } from '../../model/packages.js';
import type { BasePlan, BuildKey, PlanOptions } from '../../model/plan.js';
import { keysFor, signatureOptions } from './archive-keys.js';
import { ARCHIVES } from './archives.data.js';

/** Lines of sources.list(5), and the keys of the machine that they need. */
export interface AptSources {
  readonly lines: readonly string[];
  readonly keys: readonly BuildKey[];
}

/**
 * One-line sources (sources.list(5)) that a build uses instead of those of the base, because the base has no
 * components beyond `main`, points to an archive that is gone, or a snapshot is wanted. Null: the base's own do.
 * They are used by the build alone; what the machine itself has in /etc/apt comes with its delta.
 */
export function aptSources(
  os: OperatingSystem,
  database: PackageDatabase,
  base: Pick<BasePlan, 'deadArchive' | 'kind'>,
  options: PlanOptions,
): AptSources | null {
  const suite = os.codename;
  if (suite === null || !/^[a-z][a-z0-9-]*$/.test(suite) || (os.id !== 'debian' && os.id !== 'ubuntu')) return null;
  const components = distributionComponents(os, database.archives);
  const date = snapshotDate(options.snapshot, database.archiveDate);
  if (date !== null && os.id === 'debian') return withoutKeys(debianSnapshot(os, suite, components, date));
  if (base.deadArchive !== undefined && os.id === 'ubuntu') {
    return withoutKeys(
      ['', '-updates', '-security'].map((pocket) => line(base.deadArchive!, `${suite}${pocket}`, components)),
    );
  }
  // A bootstrapped base knows its one archive alone: neither the updates nor the security archive.
  const knowsAll = base.kind !== 'bootstrap' && components.every((component) => component === 'main');
  if (knowsAll || base.deadArchive !== undefined) return null;
  const suites = os.id === 'debian' ? debianSuites(os, suite) : ubuntuSuites(os, suite);
  const main = ownSource(database.archives, suite);
  const own = suites.map(({ suite: name, uri }) => {
    // A mirror of the release has its updates; security archives are apart.
    const archive = ownSource(database.archives, name) ?? (uri === suites[0]!.uri ? main : null);
    return { name, archive, uri: archive?.uri ?? uri };
  });
  return {
    lines: own.map(({ name, archive, uri }) => line(uri, name, components, signatureOptions(database, archive))),
    keys: keysFor(
      database,
      own.flatMap(({ archive }) => archive ?? []),
    ),
  };
}

function withoutKeys(lines: readonly string[]): AptSources {
  return { lines, keys: [] };
}

/** `YYYYMMDDTHHMMSSZ`, as snapshot archives name their states; null when none is wanted or known. */
export function snapshotDate(snapshot: string | null, archiveDate: string | null): string | null {
  const text = snapshot === 'auto' ? archiveDate : snapshot;
  const time =
    text === null ? Number.NaN : Date.parse(/^\d{8}$/.test(text) ? text.replace(/(....)(..)(..)/, '$1-$2-$3') : text);
  return Number.isNaN(time) ? null : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

const COMPONENTS: Readonly<Record<string, readonly string[]>> = {
  debian: ['main', 'contrib', 'non-free', 'non-free-firmware'],
  ubuntu: ['main', 'restricted', 'universe', 'multiverse'],
};

function distributionComponents(os: OperatingSystem, archives: readonly Archive[]): string[] {
  const used = new Set(
    archives
      .filter((archive) => archive.enabled && archive.suite?.startsWith(os.codename!) === true)
      .flatMap((archive) => archive.components),
  );
  return COMPONENTS[os.id]!.filter((component) => component === 'main' || used.has(component));
}

/** The archive that the machine itself takes a suite from; null when it names none that is plain. */
export function ownArchive(archives: readonly Archive[], suite: string): string | null {
  return ownSource(archives, suite)?.uri ?? null;
}

function ownSource(archives: readonly Archive[], suite: string): Archive | null {
  return archives.find((each) => each.enabled && each.suite === suite && PLAIN_URI.test(each.uri)) ?? null;
}

/** Where the public finds the releases of a distribution of the dpkg family; null where that is not known. */
export function publicArchive(os: OperatingSystem): string | null {
  if (os.id === 'debian') return ARCHIVES.debian;
  if (os.id === 'raspbian') return ARCHIVES.raspbian;
  if (os.id !== 'ubuntu') return null;
  return os.architecture === 'amd64' || os.architecture === 'i386' ? ARCHIVES.ubuntu : ARCHIVES.ubuntuPorts;
}

/** A host and a path: no user, no option, nothing that a line of sources.list would take apart. */
const PLAIN_URI = /^https?:\/\/[\w.-]{1,253}(?::\d{1,5})?(?:\/[\w.~+-]{1,255}){0,16}\/?$/;

/** Suites of a release with the public archive of each. */
function debianSuites(os: OperatingSystem, suite: string): { suite: string; uri: string }[] {
  if (os.versionId === null) return [{ suite, uri: ARCHIVES.debian }];
  return [
    { suite, uri: ARCHIVES.debian },
    { suite: `${suite}-updates`, uri: ARCHIVES.debian },
    { suite: securitySuite(os, suite), uri: ARCHIVES.debianSecurity },
  ];
}

function debianSnapshot(os: OperatingSystem, suite: string, components: readonly string[], date: string): string[] {
  const at = (archive: string): string => `${ARCHIVES.debianSnapshot}/${archive}/${date}`;
  const sources = [line(at('debian'), suite, components, [OLD])];
  return os.versionId === null
    ? sources
    : [...sources, line(at('debian-security'), securitySuite(os, suite), components, [OLD])];
}

function ubuntuSuites(os: OperatingSystem, suite: string): { suite: string; uri: string }[] {
  return ['', '-updates', '-security'].map((pocket) => ({ suite: `${suite}${pocket}`, uri: publicArchive(os)! }));
}

/** Renamed with Debian 11. */
function securitySuite(os: OperatingSystem, suite: string): string {
  return Number(os.versionId) >= 11 ? `${suite}-security` : `${suite}/updates`;
}

/** An old state's Release file has expired; its signature still counts. */
const OLD = 'check-valid-until=no';

function line(uri: string, suite: string, components: readonly string[], options: readonly string[] = []): string {
  return `deb ${options.length === 0 ? '' : `[${options.join(' ')}] `}${uri} ${suite} ${components.join(' ')}`;
}
