import { createHash } from 'node:crypto';
import type { SystemAccounts } from '../../model/containers.js';
import { isHardLinked } from '../../model/entry.js';
import { type InstalledPackage, isForEveryArchitecture, packageIdentity } from '../../model/packages.js';
import { comparePaths } from '../../model/path.js';
import type { InstallPlan, LayerPlan, LocalPackage, PackageMode } from '../../model/plan.js';
import { type MachineFiles, measure, sameFile, unchangedPaths } from '../files.js';
import { contentOf } from '../likeness.js';
import { type ReductionContext, reducePackages } from '../resolver/reduce.js';
import { isPackageName } from './modes.js';
import { fixedCost } from './objective.js';
import { madeByScripts } from './recreated.js';
import { trimmedPaths } from './trimmed.js';

export interface LayerQuestion {
  /** Id of the group, and of the layer below. */
  readonly group: string;
  readonly parent: string;
  /** Machines whose chain runs through the layer, in the order of the output. */
  readonly machines: readonly MachineFiles[];
  readonly packages: readonly InstalledPackage[];
  readonly reason: string;
}

export interface DiskSetting {
  /** Which of the packages' paths; absent: all. */
  readonly isWanted?: (path: string) => boolean;
  /** Paths of no package that go with them. */
  readonly more?: readonly string[];
}

/** A layer whose packages' unchanged files are laid down from the disk. */
export function diskLayer(
  question: LayerQuestion,
  kind: 'packages' | 'base',
  { isWanted = () => true, more = [] }: DiskSetting = {},
): LayerPlan {
  const [first, ...others] = question.machines as [MachineFiles, ...MachineFiles[]];
  const shared = question.packages
    .flatMap((item) => unchangedPaths(first, item))
    .filter(isWanted)
    .concat(more)
    .filter((path) => sameFile(first, others, path))
    .sort(comparePaths);
  const paths = withWholeGroupsOnly(first, shared);
  const { size, tar } = measure(first, paths);
  return {
    ...described(question, kind, 'disk', [contentOf(first, paths)]),
    paths,
    size: { predicted: size },
    tar: { predicted: tar },
  };
}

export interface InstallSetting {
  readonly foreignArchitectures: readonly string[];
  readonly sources: InstallPlan['sources'];
  readonly keys?: InstallPlan['keys'];
  readonly localPackage?: (item: InstalledPackage) => LocalPackage | undefined;
  /** Whether a version can be had; without it every one is taken to be there. */
  readonly isOffered?: (item: InstalledPackage) => boolean;
  readonly isChecked?: boolean;
  readonly installedVersion?: (item: InstalledPackage) => string | undefined;
  /** Names in the base that none of the machines has. */
  readonly unwanted?: readonly string[];
}

/**
 * A layer that the package manager of the base fills.
 * @param below What the layers below have installed already, by identity.
 */
export function installLayer(
  question: LayerQuestion,
  context: ReductionContext,
  below: readonly InstalledPackage[],
  setting: InstallSetting,
): LayerPlan {
  const first = question.machines[0]!;
  const { size, tar } = measure(first, [
    ...question.packages.flatMap((item) => unchangedPaths(first, item)),
    ...madeByScripts(first, question.packages),
  ]);
  const fixed = fixedCost('install');
  const range = (value: number) => ({
    predicted: value + fixed,
    interval: { low: value, high: value + 2 * fixed + Math.round(value * 0.03) },
  });
  return {
    ...described(question, 'packages', 'install'),
    install: {
      ...installPlan(question.packages, context, below, setting, question.machines),
      ...localFiles(question.packages, setting),
      ...otherVersions(question.packages, setting),
      ...(setting.isChecked === true ? { isChecked: true } : {}),
      ...(setting.keys === undefined || setting.keys.length === 0 ? {} : { keys: setting.keys }),
      accounts: commonAccounts(question.machines),
      trimmed: trimmedPaths(question.machines),
    },
    size: range(size),
    tar: range(tar),
  };
}

/**
 * Stable: the same packages on the same layers, and from the disk the same content, have the same id, whatever else is
 * in the run.
 */
export function layerId(group: string, parent: string | null, kind: string, content: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([group, parent, kind, [...content].sort(comparePaths)]));
  return `${group}-${kind}-${hash.digest('hex').slice(0, 12)}`;
}

function described(
  question: LayerQuestion,
  kind: 'packages' | 'base',
  mode: PackageMode,
  content: readonly string[] = [],
): Pick<LayerPlan, 'id' | 'parent' | 'kind' | 'vms' | 'packages' | 'mode' | 'reason'> {
  const identified = question.packages.map((item) => ({ item, identity: packageIdentity(item) }));
  identified.sort((a, b) => comparePaths(a.identity, b.identity));
  const parent = kind === 'base' ? null : question.parent;
  return {
    id: layerId(question.group, parent, kind === 'base' ? 'base' : mode, [
      ...identified.map(({ identity }) => identity),
      ...content,
    ]),
    parent,
    kind,
    vms: question.machines.map((files) => files.machine.source.name),
    packages: identified.map(({ item }) => item),
    mode,
    reason: question.reason,
  };
}

function installPlan(
  packages: readonly InstalledPackage[],
  context: ReductionContext,
  below: readonly InstalledPackage[],
  { foreignArchitectures, sources, isOffered = () => true, unwanted = [] }: InstallSetting,
  machines: readonly MachineFiles[],
): InstallPlan {
  const { named, remove, full } = reducePackages([...below, ...packages], {
    ...context,
    installed: new Set(below.map(packageIdentity)),
  });
  const bySource = new Map<string, { source: string; version: string; packages: string[] }>();
  for (const item of packages.filter(isOffered)) {
    const key = JSON.stringify([item.source.name, item.version]);
    const pin = bySource.get(key) ?? { source: item.source.name, version: item.version, packages: [] };
    pin.packages.push(installName(item, context.architecture));
    bySource.set(key, pin);
  }
  const isForeign = (architecture: string): boolean => packages.some((item) => item.architecture === architecture);
  return {
    manager: context.manager,
    ...(context.program === undefined ? {} : { program: context.program }),
    named: named.map((item) => installName(item, context.architecture)).sort(comparePaths),
    pins: [...bySource.values()]
      .map((pin) => ({ ...pin, packages: pin.packages.sort(comparePaths) }))
      .sort((a, b) => comparePaths(a.packages[0]!, b.packages[0]!)),
    remove: onNoMachine(machines, [...new Set([...remove, ...unwanted])])
      .filter(isPackageName)
      .sort(comparePaths),
    sources,
    foreignArchitectures: foreignArchitectures.filter(isForeign),
    reduction: { before: full.length, after: named.length },
  };
}

/** What a machine has is never removed, though another layer, or the base in another version, brings it. */
function onNoMachine(machines: readonly MachineFiles[], names: readonly string[]): string[] {
  const left = new Set(names);
  for (const { machine } of machines) {
    if (left.size === 0) break;
    for (const { name } of machine.packages?.packages ?? []) left.delete(name);
  }
  return [...left];
}

function otherVersions(
  packages: readonly InstalledPackage[],
  { installedVersion = () => undefined }: InstallSetting,
): Pick<InstallPlan, 'different'> {
  const different = packages.flatMap((item) => {
    const installed = installedVersion(item);
    return installed === undefined ? [] : [{ name: item.name, wanted: item.version, installed }];
  });
  return different.length === 0 ? {} : { different };
}

function localFiles(
  packages: readonly InstalledPackage[],
  { localPackage = () => undefined }: InstallSetting,
): Pick<InstallPlan, 'debs'> {
  const debs = packages.flatMap((item) => localPackage(item) ?? []);
  return debs.length === 0 ? {} : { debs: debs.sort((a, b) => comparePaths(a.file, b.file)) };
}

/** A number that differs between the machines goes into none of their layers. */
function commonAccounts(machines: readonly MachineFiles[]): SystemAccounts {
  const all = machines.map(({ machine }) => machine.runtime?.accounts ?? { users: [], groups: [] });
  const common = <Account>(lists: readonly (readonly Account[])[]): Account[] => {
    const [first = [], ...others] = lists;
    const known = others.map((list) => new Set(list.map((item) => JSON.stringify(item))));
    return first.filter((item) => known.every((set) => set.has(JSON.stringify(item))));
  };
  return { users: common(all.map(({ users }) => users)), groups: common(all.map(({ groups }) => groups)) };
}

/** The name as the manager takes it: with its architecture only when that is not the system's own. */
export function installName(item: InstalledPackage, native: string | null): string {
  const isNative = item.architecture === native || isForEveryArchitecture(item.architecture);
  return isNative || native === null ? item.name : `${item.name}:${item.architecture}`;
}

/** A file that lost one of its names to another machine's difference goes to the deltas with all of them. */
function withWholeGroupsOnly(files: MachineFiles, paths: readonly string[]): string[] {
  const counts = new Map<string, number>();
  const linked = (path: string) => {
    const { entry } = files.keptAt(path)!;
    return isHardLinked(entry) ? entry : undefined;
  };
  for (const path of paths) {
    const entry = linked(path);
    if (entry !== undefined) counts.set(entry.fileId, (counts.get(entry.fileId) ?? 0) + 1);
  }
  return paths.filter((path) => {
    const entry = linked(path);
    return entry === undefined || counts.get(entry.fileId) === entry.links;
  });
}
