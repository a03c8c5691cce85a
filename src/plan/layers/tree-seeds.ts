import type { PackageUnits, UnitSet } from './package-units.js';
import { NOTHING, nodeCost } from './tree-problem.js';

export type Joins = (readonly [number, number])[];

interface Cluster {
  readonly node: number;
  readonly held: UnitSet;
}

/** Dendrograms to begin a search with; each joins all machines. */
export function* seedJoins(units: PackageUnits): Generator<Joins> {
  yield agglomerate(units, (a, b) => savingOf(units, a, b));
  yield agglomerate(units, (a, b) => {
    const { install, disk } = units.weigh(units.common(a, b));
    return install + disk;
  });
  yield agglomerate(units, (a, b) => {
    const [one, other, both] = [a, b, units.common(a, b)].map((set) => units.weigh(set));
    const bytes = ({ install, disk }: { install: number; disk: number }): number => install + disk;
    return bytes(both!) / Math.max(1, bytes(one!) + bytes(other!) - bytes(both!));
  });
  yield byLargestCommon(units);
}

/** What a layer for what both hold, beside one for the rest of each, saves. */
function savingOf(units: PackageUnits, a: UnitSet, b: UnitSet): number {
  const [left, right, common] = [units.weigh(a), units.weigh(b), units.weigh(units.common(a, b))];
  const apart = nodeCost(left, NOTHING) + nodeCost(right, NOTHING);
  return apart - nodeCost(common, NOTHING) - nodeCost(left, common) - nodeCost(right, common);
}

/** Joins those two of the clusters that fit best until one is left. */
function agglomerate(
  units: PackageUnits,
  closeness: (a: UnitSet, b: UnitSet) => number,
  first: Cluster[] = units.machines.map((held, node) => ({ node, held })),
  joins: Joins = [],
): Joins {
  const clusters = new Map(first.map((cluster) => [cluster.node, cluster]));
  /** By cluster its best partner among the older ones. */
  const partner = new Map<number, { node: number; closeness: number }>();
  const choose = (cluster: Cluster): void => {
    partner.delete(cluster.node);
    for (const other of clusters.values()) {
      if (other.node >= cluster.node) continue;
      const value = closeness(other.held, cluster.held);
      const known = partner.get(cluster.node);
      if (known === undefined || value > known.closeness)
        partner.set(cluster.node, { node: other.node, closeness: value });
    }
  };
  for (const cluster of clusters.values()) choose(cluster);
  while (clusters.size > 1) {
    let best: { a: number; b: number; closeness: number } | undefined;
    for (const [b, { node: a, closeness: value }] of partner) {
      if (best === undefined || value > best.closeness) best = { a, b, closeness: value };
    }
    const { a, b } = best!;
    const joined = {
      node: units.machines.length + joins.length,
      held: units.common(clusters.get(a)!.held, clusters.get(b)!.held),
    };
    joins.push([a, b]);
    for (const gone of [a, b]) {
      clusters.delete(gone);
      partner.delete(gone);
    }
    for (const cluster of clusters.values()) {
      const chosen = partner.get(cluster.node)?.node;
      if (chosen === a || chosen === b) choose(cluster);
    }
    clusters.set(joined.node, joined);
    choose(joined);
  }
  return joins;
}

/**
 * From the packages: sets of machines that share most bytes, counted once for each machine beyond the first, are joined
 * first, as long as they lie in one another or apart.
 */
function byLargestCommon(units: PackageUnits): Joins {
  const count = units.machines.length;
  const chosen: number[][] = [];
  for (const { machines } of commonSets(units)) {
    const wanted = new Set(machines);
    const fits = chosen.every((other) => {
      const both = other.filter((machine) => wanted.has(machine)).length;
      return both === 0 || both === other.length || both === machines.length;
    });
    if (fits) chosen.push([...machines]);
  }
  chosen.sort((a, b) => a.length - b.length);
  const joins: Joins = [];
  let clusters: (Cluster & { machines: number[] })[] = units.machines.map((held, node) => ({
    node,
    held,
    machines: [node],
  }));
  for (const machines of [...chosen, Array.from({ length: count }, (_, machine) => machine)]) {
    const wanted = new Set(machines);
    const inside = clusters.filter((cluster) => cluster.machines.every((machine) => wanted.has(machine)));
    if (inside.length < 2) continue;
    agglomerate(units, (a, b) => savingOf(units, a, b), inside, joins);
    const held = inside.map((cluster) => cluster.held).reduce((all, next) => units.common(all, next));
    const joined = { node: count + joins.length - 1, held, machines: [...machines] };
    clusters = [...clusters.filter((cluster) => !inside.includes(cluster)), joined];
  }
  return joins;
}

/** Sets of at least two machines that units have, those whose sharing saves most first. */
function commonSets(units: PackageUnits): { machines: readonly number[] }[] {
  return units.signatures
    .filter(({ machines }) => machines.length > 1)
    .map(({ machines, bytes }) => ({ machines, saving: bytes * (machines.length - 1) }))
    .sort((a, b) => b.saving - a.saving || (a.machines.join() < b.machines.join() ? -1 : 1));
}
