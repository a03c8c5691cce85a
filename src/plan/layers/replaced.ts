import { type InstalledPackage, packageIdentity, packageKey } from '../../model/packages.js';
import type { LayerPlan } from '../../model/plan.js';
import { measureAll } from '../files.js';
import type { Member } from '../member.js';
import type { PackageModes } from './modes.js';
import { diskLayer } from './package-layers.js';

/** The share of the smallest machine above which these packages are worth a base that only stands below their layer. */
const MIN_SHARE = 0.03;

export interface ReplacedQuestion {
  readonly group: string;
  readonly parent: string;
  readonly members: readonly Member[];
  /** Keys of all that the base holds, in whatever version. */
  readonly baseKeys: ReadonlySet<string>;
  /** What it holds in the version of some machine, by identity. */
  readonly inBase: ReadonlySet<string>;
  readonly modes: PackageModes;
}

/**
 * Packages that a base of our own has in another version than all machines, since the archive lost theirs, laid down
 * from the disk right above it. Whatever the base holds at these paths lies below files that take its place before
 * anything runs, so that the base can leave it out: otherwise it would be stored twice.
 * @returns null when it is little: then it lies with the other packages from the disk, and the base stays whole.
 */
export function replacedLayer({ group, parent, members, baseKeys, inBase, modes }: ReplacedQuestion): LayerPlan | null {
  const isReplaced = (item: InstalledPackage): boolean =>
    baseKeys.has(packageKey(item)) &&
    !inBase.has(packageIdentity(item)) &&
    modes.get(packageIdentity(item))?.mode === 'disk';
  const [first, ...others] = members.map(
    ({ packages }) => new Map(packages.filter(isReplaced).map((item) => [packageIdentity(item), item])),
  );
  const packages = [...first!]
    .filter(([identity]) => others.every((other) => other.has(identity)))
    .map(([, item]) => item);
  if (packages.length === 0) return null;
  const machines = members.map(({ files }) => files);
  const reason = 'the archive lost these versions of what the base holds';
  const layer = diskLayer({ group, parent, machines, packages, reason }, 'packages');
  const smallest = Math.min(...machines.map((files) => measureAll(files).size));
  return layer.size.predicted < MIN_SHARE * smallest ? null : { ...layer, replacesBase: true };
}
