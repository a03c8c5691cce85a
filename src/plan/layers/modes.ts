import { type InstalledPackage, type PackageManagerName, packageIdentity } from '../../model/packages.js';
import type { LocalPackage, PackageMode, PlanOptions } from '../../model/plan.js';
import { indexPackages, satisfiersOf } from '../resolver/package-index.js';

export interface ModeMachine {
  /** Kernel packages included. */
  readonly packages: readonly InstalledPackage[];
  readonly manager: PackageManagerName;
  readonly architecture: string | null;
  /** Identities that the base has; what needs one of them can be installed whatever became of its version. */
  readonly base: ReadonlySet<string>;
  /** The same in any version, by key; absent where nobody looked into the base. */
  readonly baseKeys?: ReadonlySet<string>;
}

/** What the base's package manager was asked (`BaseKnowledge`). */
export interface ModeKnowledge {
  /** Null when nobody asked: then what the machine's own lists say counts. */
  readonly offers: ((item: InstalledPackage) => Offer) | null;
  readonly fromDisk: ReadonlyMap<string, string>;
}

/** `other`: the package, though not this version. */
export type Offer = 'exact' | 'other' | 'none';

/** By package identity how it gets into its layer, and why; for all machines of a group alike. */
export type PackageModes = ReadonlyMap<string, { readonly mode: PackageMode; readonly reason: string }>;

/**
 * `auto` without asking a network: what the machine's own package lists no longer offer, and what comes from no
 * archive, is laid down from the disk, and so is what needs such a package, or an installation would bring another
 * version of it along. Everything else is installed.
 */
export function packageModes(
  machines: readonly ModeMachine[],
  options: PlanOptions,
  isScratch: boolean,
  knowledge: ModeKnowledge | null = null,
): PackageModes {
  const modes = new Map<string, { mode: PackageMode; reason: string }>();
  const fixed = isScratch ? 'disk' : options.packages === 'auto' ? null : options.packages;
  for (const { packages } of machines) {
    for (const item of packages) {
      const identity = packageIdentity(item);
      // What is said for all depends on no machine.
      if (fixed !== null && modes.has(identity)) continue;
      if (!isNameable(item)) {
        modes.set(identity, { mode: 'disk', reason: 'no package manager takes its name or version' });
        continue;
      }
      if (fixed !== 'disk' && localPackage(item, options) !== undefined) {
        modes.set(identity, { mode: 'install', reason: '--debs has it' });
        continue;
      }
      const told = knowledge === null || item.kernel || isScratch ? null : toldReason(item, fixed, knowledge);
      if (told !== null) {
        modes.set(identity, { mode: 'disk', reason: told });
        continue;
      }
      if (fixed !== null) {
        modes.set(identity, {
          mode: fixed,
          reason: isScratch ? 'there is no base to install on' : `--packages ${fixed}`,
        });
        continue;
      }
      const reason = item.kernel ? 'the kernel is left out' : knowledge === null ? goneReason(item, options) : null;
      if (reason !== null) modes.set(identity, { mode: 'disk', reason });
      else if (!modes.has(identity)) modes.set(identity, { mode: 'install', reason: 'its archive offers it' });
    }
  }
  // Installed in another version, a package satisfies those that need it as well as it can.
  if (fixed === null || (knowledge !== null && !isScratch)) spread(machines, modes);
  return modes;
}

/** Carries `disk` up to everything that needs it, over all machines until nothing changes. */
function spread(machines: readonly ModeMachine[], modes: Map<string, { mode: PackageMode; reason: string }>): void {
  const isBase = (identity: string): boolean =>
    machines.every(
      ({ base, baseKeys }) => base.has(identity) || baseKeys?.has(identity.slice(0, identity.indexOf('='))) === true,
    );
  const pending = [...modes]
    .filter(([identity, { mode }]) => mode === 'disk' && !isBase(identity))
    .map(([identity]) => identity);
  if (pending.length === 0) return;
  const dependents = new Map<string, string[]>();
  for (const machine of machines) {
    const index = indexPackages(machine.packages, machine.manager, machine.architecture);
    for (const dependent of machine.packages) {
      const identity = packageIdentity(dependent);
      for (const requirement of dependent.depends) {
        const needed = satisfiersOf(index, dependent, requirement).map((node) =>
          packageIdentity(machine.packages[node]!),
        );
        const isInBase = ({ baseKeys, base }: ModeMachine, item: string): boolean =>
          base.has(item) || baseKeys?.has(item.slice(0, item.indexOf('='))) === true;
        if (needed.length === 0 || needed.some((item) => isInBase(machine, item))) continue;
        for (const item of needed) {
          const list = dependents.get(item);
          if (list === undefined) dependents.set(item, [identity]);
          else list.push(identity);
        }
      }
    }
  }
  while (pending.length > 0) {
    const gone = pending.pop()!;
    for (const dependent of dependents.get(gone) ?? []) {
      if (modes.get(dependent)?.mode !== 'install') continue;
      modes.set(dependent, { mode: 'disk', reason: 'it needs a package that cannot be installed' });
      pending.push(dependent);
    }
  }
}

/** The file of --debs that is this very version. */
export function localPackage(
  item: Pick<InstalledPackage, 'name' | 'version' | 'architecture'>,
  { debs = [] }: PlanOptions,
): LocalPackage | undefined {
  if (debs.length === 0) return undefined;
  const version = item.version.replace(/^\d+:/, '');
  return debs.find(
    (each) => each.name === item.name && each.version === version && each.architecture === item.architecture,
  );
}

/** Names and versions come from the disk: outside of the grammar of every manager they get into no command. */
export function isNameable(item: Pick<InstalledPackage, 'name' | 'version' | 'architecture'>): boolean {
  return (
    isPackageName(item.name) &&
    /^[A-Za-z0-9][A-Za-z0-9+.~:^_-]*$/.test(item.version) &&
    /^[A-Za-z0-9_-]+$/.test(item.architecture)
  );
}

export function isPackageName(name: string): boolean {
  return /^[A-Za-z0-9_](?:[A-Za-z0-9+._-]*[A-Za-z0-9+._])?$/.test(name);
}

/** Why a package cannot be installed, as the package manager of the base has it; null when it can. */
function toldReason(
  item: InstalledPackage,
  fixed: PackageMode | null,
  { offers, fromDisk }: ModeKnowledge,
): string | null {
  if (fixed === 'disk') return null;
  const correction = fromDisk.get(packageIdentity(item));
  if (correction !== undefined) return correction;
  if (offers === null) return null;
  const offer = offers(item);
  if (offer === 'exact') return null;
  if (offer === 'none') return 'the sources of the build do not have it';
  return fixed === 'install' ? null : 'the archive no longer offers this version';
}

function goneReason({ origin }: InstalledPackage, options: PlanOptions): string | null {
  if (origin.kind === 'local') return 'it comes from no archive';
  if (origin.kind === 'third-party') return "its archive is not the distribution's, and its keys stay out of the build";
  // A snapshot archive has every version that there ever was.
  if (origin.available === false && options.snapshot === null) return 'the archive no longer offers this version';
  return null;
}
