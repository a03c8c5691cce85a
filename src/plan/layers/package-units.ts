import { NOTHING, type TreeProblem, type Weight } from './tree-problem.js';

/** Units as bits, 32 in each word. */
export type UnitSet = Uint32Array;

/**
 * The packages of a problem in as few units as tell the same: those that the same machines hold go the same way unless
 * a need can tear them apart. Searching a tree intersects sets of them many thousand times.
 */
export interface PackageUnits {
  /** By machine: what it holds. */
  readonly machines: readonly UnitSet[];
  /** Machines that hold the same things, and the bytes of those; each set of machines once. */
  readonly signatures: readonly { readonly machines: readonly number[]; readonly bytes: number }[];
  /** The largest part of what both hold whose members' needs it satisfies itself. */
  common(a: UnitSet, b: UnitSet): UnitSet;
  weigh(set: UnitSet): Weight;
  /** The packages of a set that another does not hold, rising. */
  packagesOf(set: UnitSet, without: UnitSet | null): number[];
}

interface Unit {
  readonly packages: number[];
  install: number;
  disk: number;
  /** Each list: units of which one must be there; empty for a unit that nothing tears apart. */
  readonly needs: number[][];
}

export function packageUnits(problem: TreeProblem): PackageUnits {
  const holders = holdersOf(problem);
  const isSafe = safePackages(problem, holders);
  const units: Unit[] = [];
  const unitOf = problem.packages.map(() => -1);
  const bySignature = new Map<string, number>();
  holders.forEach((machines, item) => {
    if (machines.length === 0) return;
    const signature = machines.join();
    const known = isSafe[item] ? bySignature.get(signature) : undefined;
    const unit = known ?? units.push({ packages: [], install: 0, disk: 0, needs: [] }) - 1;
    if (isSafe[item]) bySignature.set(signature, unit);
    const { bytes, mode = problem.mode } = problem.packages[item]!;
    units[unit]!.packages.push(item);
    units[unit]![mode] += bytes;
    unitOf[item] = unit;
  });
  problem.packages.forEach(({ needs }, item) => {
    if (isSafe[item] || unitOf[item] === -1) return;
    for (const oneOf of needs) {
      units[unitOf[item]!]!.needs.push(oneOf.map((each) => unitOf[each]!).filter((unit) => unit !== -1));
    }
  });
  return { ...unitSets(problem, units, unitOf), signatures: signaturesOf(problem, holders) };
}

function unitSets(
  problem: TreeProblem,
  units: readonly Unit[],
  unitOf: readonly number[],
): Omit<PackageUnits, 'signatures'> {
  const words = (units.length + 31) >>> 5;
  const torn = new Uint32Array(words);
  units.forEach(({ needs }, unit) => {
    if (needs.length > 0) torn[unit >>> 5]! |= 1 << (unit & 31);
  });
  const mayTear = torn.some((word) => word !== 0);
  return {
    machines: problem.machines.map((packages) => {
      const set = new Uint32Array(words);
      for (const item of packages) set[unitOf[item]! >>> 5]! |= 1 << (unitOf[item]! & 31);
      return set;
    }),
    common(a, b) {
      const both = new Uint32Array(words);
      let broken = 0;
      for (let word = 0; word < words; word += 1) {
        both[word] = a[word]! & b[word]!;
        broken |= both[word]! & torn[word]!;
      }
      if (mayTear && broken !== 0) close(units, both, torn);
      return both;
    },
    weigh(set) {
      let { install, disk } = NOTHING;
      for (let word = 0; word < words; word += 1) {
        for (let rest = set[word]!; rest !== 0; rest &= rest - 1) {
          const unit = units[word * 32 + 31 - Math.clz32(rest & -rest)]!;
          install += unit.install;
          disk += unit.disk;
        }
      }
      return { install, disk };
    },
    packagesOf(set, without) {
      return units
        .filter((_, unit) => has(set, unit) && (without === null || !has(without, unit)))
        .flatMap(({ packages }) => packages)
        .sort((a, b) => a - b);
    },
  };
}

/** Takes out what lacks a need, and what needs that, until nothing does. */
function close(units: readonly Unit[], set: UnitSet, torn: UnitSet): void {
  for (let isClosed = false; !isClosed; ) {
    isClosed = true;
    for (let word = 0; word < set.length; word += 1) {
      for (let rest = set[word]! & torn[word]!; rest !== 0; rest &= rest - 1) {
        const bit = rest & -rest;
        const { needs } = units[word * 32 + 31 - Math.clz32(bit)]!;
        if (needs.every((oneOf) => oneOf.some((unit) => has(set, unit)))) continue;
        set[word]! &= ~bit;
        isClosed = false;
      }
    }
  }
}

/**
 * Packages that never lose a need to an intersection: for each need one of the satisfiers, itself such a package, is on
 * every machine that has the package. Nearly all are: only where machines satisfy one need by different packages, not.
 */
function safePackages(problem: TreeProblem, holders: readonly (readonly number[])[]): Uint8Array {
  const isSafe = new Uint8Array(problem.packages.length).fill(1);
  const everywhere = new Map<string, boolean>();
  const isWith = (item: number, satisfier: number): boolean => {
    const key = `${item},${satisfier}`;
    const known = everywhere.get(key);
    if (known !== undefined) return known;
    const answer = includesAll(holders[satisfier]!, holders[item]!);
    everywhere.set(key, answer);
    return answer;
  };
  for (let isDone = false; !isDone; ) {
    isDone = true;
    problem.packages.forEach(({ needs }, item) => {
      if (isSafe[item] === 0) return;
      if (needs.every((oneOf) => oneOf.some((each) => isSafe[each] === 1 && isWith(item, each)))) return;
      isSafe[item] = 0;
      isDone = false;
    });
  }
  return isSafe;
}

function signaturesOf({ packages }: TreeProblem, holders: readonly (readonly number[])[]): PackageUnits['signatures'] {
  const signatures = new Map<string, { machines: readonly number[]; bytes: number }>();
  holders.forEach((machines, item) => {
    const key = machines.join();
    const bytes = packages[item]!.bytes + (signatures.get(key)?.bytes ?? 0);
    if (machines.length > 0) signatures.set(key, { machines, bytes });
  });
  return [...signatures.values()];
}

function holdersOf({ packages, machines }: TreeProblem): number[][] {
  const holders: number[][] = packages.map(() => []);
  machines.forEach((held, machine) => {
    for (const item of held) holders[item]!.push(machine);
  });
  return holders;
}

/** Both rising. */
function includesAll(all: readonly number[], some: readonly number[]): boolean {
  let index = 0;
  for (const item of some) {
    while (index < all.length && all[index]! < item) index += 1;
    if (all[index] !== item) return false;
  }
  return true;
}

function has(set: UnitSet, unit: number): boolean {
  return (set[unit >>> 5]! & (1 << (unit & 31))) !== 0;
}
