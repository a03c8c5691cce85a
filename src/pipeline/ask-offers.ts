import type { BaseKnowledge } from '../model/base-contents.js';
import { type InstalledPackage, isForEveryArchitecture, type PackageManagerName } from '../model/packages.js';
import type { GroupPlan, InstallPlan } from '../model/plan.js';
import { isNameable } from '../plan/layers/modes.js';
import { availableCommands } from '../render/dockerfile/ask-versions.js';
import { managerOf, PACKAGE_MANAGERS, type PackageManager } from '../render/package-managers/index.js';
import { compareApkVersions } from '../syntax/apk-version.js';
import { compareDpkgVersions } from '../syntax/dpkg-version.js';
import { comparePacmanVersions } from '../syntax/pacman-version.js';
import { compareRpmVersions } from '../syntax/rpm-version.js';
import type { BuildOptions } from './build-layer.js';

/**
 * The package manager of a base: the release's own where the base has it, or another of the family that it has, as
 * minimal images do.
 */
export function programOf(
  { os }: GroupPlan,
  { manager }: Pick<InstallPlan, 'manager'>,
  packages: readonly InstalledPackage[],
): PackageManager['name'] {
  const names = new Set(packages.map(({ name }) => name));
  // dnf 5 is a package of another name with a command of the same.
  const has = (program: string): boolean => names.has(program) || (program === 'dnf' && names.has('dnf5'));
  const usual = managerOf(manager, os).name;
  if (has(usual)) return usual;
  return PACKAGE_MANAGERS.find(({ name, database }) => database === manager && has(name))?.name ?? usual;
}

/**
 * Every version that the archives of a base have of the packages that some machine has beyond it, by the name that the
 * manager takes; null when they cannot be asked, and then what an installation brings will tell.
 */
export async function askOffers(
  group: GroupPlan,
  install: InstallPlan,
  { engine, log, signal, environment, progress }: BuildOptions,
): Promise<BaseKnowledge['offered']> {
  const manager = PACKAGE_MANAGERS.find(({ name }) => name === install.program)!;
  const packages = group.layers
    .filter(({ kind }) => kind === 'packages')
    .flatMap((layer) => layer.packages)
    .filter(isNameable);
  const names = [...new Set(packages.map(({ name }) => name))].sort();
  if (manager.available === null || names.length === 0) return null;
  progress.step(group.id, `asking ${manager.name} which versions its archives offer`);
  const bench = await engine.workbench({ reference: group.base.reference, mounts: [] }, { log, signal, environment });
  try {
    const { exitCode, stdout, stderr } = await bench.run(availableCommands(install, group.os, names).join('\n'));
    for (const line of stderr.split('\n')) log(line);
    const offered = new Map<string, Set<string>>();
    for (const { name, version, architecture } of manager.parseAvailable(stdout)) {
      const isNative =
        architecture === null || architecture === group.os.architecture || isForEveryArchitecture(architecture);
      const key = isNative ? name : `${name}:${architecture}`;
      offered.set(key, (offered.get(key) ?? new Set()).add(version!));
    }
    if (offered.size > 0) return offered;
    progress.note(`${manager.name} of ${group.base.reference} tells of no versions (exit status ${exitCode})`);
    return null;
  } finally {
    await bench.close();
  }
}

const ORDERS: Readonly<Record<PackageManagerName, (a: string, b: string) => number>> = {
  dpkg: compareDpkgVersions,
  rpm: compareRpmVersions,
  apk: compareApkVersions,
  pacman: comparePacmanVersions,
};

export function compareVersions(manager: PackageManagerName): (a: string, b: string) => number {
  return ORDERS[manager];
}
