import type { OperatingSystem } from '../../model/os.js';
import type { InstalledPackage, PackageDatabase } from '../../model/packages.js';
import type { BasePlan, PlanOptions } from '../../model/plan.js';
import { snapshotDate } from './apt-sources.js';
import { ARCHIVES, DEAD_REPOSITORIES } from './archives.data.js';

/**
 * Sources that a build uses instead of those of the base, for the families without apt: base URLs of rpm repositories
 * where the release is dead, `repository=server` of pacman where a day is asked for. Null: the base's own do. They are
 * used by the build alone; what the machine itself is set up with comes with its delta.
 */
export function deadSources(
  os: OperatingSystem,
  database: PackageDatabase,
  base: Pick<BasePlan, 'deadArchive' | 'kind'>,
  options: Pick<PlanOptions, 'snapshot'>,
): readonly string[] | null {
  if (database.manager === 'pacman') return archOfDay(database, options);
  if (database.manager !== 'rpm' || base.kind !== 'public' || base.deadArchive === undefined) return null;
  const row = DEAD_REPOSITORIES.find(
    ({ id, version }) => id === os.id && (os.versionId === version || os.versionId?.startsWith(`${version}.`) === true),
  );
  if (row === undefined) return null;
  // The machine's own point release has its versions; the last one has what the base was updated from.
  const own = row.id === 'centos' ? centosPoint(database.packages) : null;
  const points = isStream(database) ? ['8-stream'] : own === null || own === row.point ? [row.point] : [own, row.point];
  return points.flatMap((point) =>
    row.repositories.map((text) => text.replace('{archive}', row.archive).replace('{point}', point)),
  );
}

/** `centos-release-7-5.1804.el7`, `centos-linux-release-8.5-1.2111.el8` → 7.5.1804, 8.5.2111; before 7 without the month. */
function centosPoint(packages: readonly InstalledPackage[]): string | null {
  const item = packages.find(({ name }) => name === 'centos-release' || name === 'centos-linux-release');
  const match = /^(?:[0-9]+:)?([5-8])(?:-|\.)([0-9]{1,2})(?:-[0-9]{1,2})?(?:\.([0-9]{4}))?(?:\.|$)/.exec(
    item?.version ?? '',
  );
  if (match === null) return null;
  const [, major, minor, month] = match;
  if (Number(major) >= 7 && month === undefined) return null;
  return Number(major) >= 7 ? `${major}.${minor}.${month}` : `${major}.${minor}`;
}

/** It calls itself CentOS 8 as well. */
function isStream({ packages }: PackageDatabase): boolean {
  return packages.some(({ name }) => name === 'centos-stream-release');
}

const DAY = 86_400_000;

/** Arch keeps each day's repositories: the day behind the newest installation has the machine's versions. */
function archOfDay(
  { packages, archives, archiveDate }: PackageDatabase,
  { snapshot }: Pick<PlanOptions, 'snapshot'>,
): readonly string[] | null {
  const newest = packages.reduce((latest, { installTime }) => Math.max(latest, installTime ?? 0), 0);
  const guess = newest === 0 ? archiveDate : new Date(newest * 1000 + DAY).toISOString();
  const date = snapshotDate(snapshot, guess);
  if (date === null) return null;
  const day = `${date.slice(0, 4)}/${date.slice(4, 6)}/${date.slice(6, 8)}`;
  const used = new Set(archives.filter(({ enabled }) => enabled).map(({ suite }) => suite));
  const names = ['core', 'extra', 'community', 'multilib'].filter((name) => name === 'core' || used.has(name));
  return names.map((name) => `${name}=${ARCHIVES.archSnapshot}/${day}/$repo/os/$arch`);
}
