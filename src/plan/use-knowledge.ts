import type { BaseKnowledge } from '../model/base-contents.js';
import { type InstalledPackage, packageIdentity, packageKey } from '../model/packages.js';
import { comparePaths } from '../model/path.js';
import type { MachineFiles } from './files.js';
import type { ModeKnowledge, Offer } from './layers/modes.js';
import { installName } from './layers/package-layers.js';
import type { TreeQuestion } from './layers/tree-layers.js';
import type { ReductionContext } from './resolver/reduce.js';

/** What was told of a base, as the steps of the plan ask for it. */
export interface UsedKnowledge extends ModeKnowledge {
  readonly basePaths: ReadonlySet<string> | null;
  readonly reduction: Pick<Required<ReductionContext>, 'knownBase' | 'mustName'> & Pick<ReductionContext, 'program'>;
  readonly layers: Pick<Required<TreeQuestion>, 'isOffered' | 'isChecked' | 'unwantedBy' | 'installedVersion'>;
}

export function useKnowledge(
  { packages, paths, program, offered, corrections, different = new Map() }: BaseKnowledge,
  architecture: string | null,
): UsedKnowledge {
  const offerOf = (item: InstalledPackage): Offer => {
    const versions = offered?.get(installName(item, architecture));
    return versions === undefined || versions.size === 0 ? 'none' : versions.has(item.version) ? 'exact' : 'other';
  };
  return {
    offers: offered === null ? null : offerOf,
    fromDisk: corrections.fromDisk,
    basePaths: paths ?? null,
    reduction: {
      knownBase: { identities: new Set(packages.map(packageIdentity)), keys: new Set(packages.map(packageKey)) },
      mustName: corrections.named,
      ...(program === undefined ? {} : { program }),
    },
    layers: {
      isOffered: (item) =>
        (offered === null || offerOf(item) === 'exact') && !corrections.fromDisk.has(packageIdentity(item)),
      isChecked: offered !== null,
      installedVersion: (item) => different.get(packageIdentity(item)),
      unwantedBy: (machines, isOnBase) => [
        ...(isOnBase ? absentFrom(machines, packages) : []),
        ...[...corrections.unwanted].filter((name) => !namesOf(machines).has(name)),
      ],
    },
  };
}

/** Packages of the base that none of the machines has. What dpkg calls essential stays until the delta. */
function absentFrom(machines: readonly MachineFiles[], packages: readonly InstalledPackage[]): string[] {
  const names = namesOf(machines);
  return packages
    .filter((item) => !item.essential && !names.has(item.name))
    .map(({ name }) => name)
    .sort(comparePaths);
}

function namesOf(machines: readonly MachineFiles[]): Set<string> {
  return new Set(machines.flatMap(({ machine }) => (machine.packages?.packages ?? []).map(({ name }) => name)));
}
