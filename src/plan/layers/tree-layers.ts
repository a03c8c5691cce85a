import { type InstalledPackage, packageIdentity } from '../../model/packages.js';
import type { InstallPlan, LayerPlan, PlanOptions } from '../../model/plan.js';
import { TAR_END_SIZE } from '../../syntax/tar-header.js';
import { type MachineFiles, measure, unchangedPaths } from '../files.js';
import type { Member } from '../member.js';
import { indexPackages } from '../resolver/package-index.js';
import type { ReductionContext } from '../resolver/reduce.js';
import { localPackage, type PackageModes } from './modes.js';
import { diskLayer, installLayer } from './package-layers.js';
import { packageState } from './package-state.js';
import { packageTree } from './package-tree.js';
import type { TreeNode, TreePackage } from './tree-problem.js';

export interface TreeQuestion {
  readonly group: string;
  readonly base: LayerPlan;
  readonly members: readonly Member[];
  readonly basePackages: readonly InstalledPackage[];
  readonly modes: PackageModes;
  readonly context: ReductionContext;
  readonly sources: InstallPlan['sources'];
  readonly keys?: InstallPlan['keys'];
  readonly isChecked?: boolean;
  /** The version that is installed in place of the machine's. */
  readonly installedVersion?: (item: InstalledPackage) => string | undefined;
  readonly options: PlanOptions;
  readonly universe: Universe;
  /** Layers of all machines between the base and the tree: what the base lacks of its packages, or has otherwise. */
  readonly ground?: readonly LayerPlan[];
  /** What the package manager of the base told; absent when nobody asked. */
  readonly isOffered?: (item: InstalledPackage) => boolean;
  /** Names that are in the base, or come along when packages are installed, by the machines that lack them. */
  readonly unwantedBy?: (machines: readonly MachineFiles[], isOnBase: boolean) => readonly string[];
}

/** Every package of the group that the base lacks, numbered: what both arrangements of a group are made from. */
export interface Universe {
  readonly items: readonly InstalledPackage[];
  readonly packages: readonly TreePackage[];
  /** By machine the numbers of its packages, rising. */
  readonly machines: readonly (readonly number[])[];
}

/** The package layers of a group, parents first, and for each machine the ids on its way from the base up. */
export function layersOfTree(question: TreeQuestion): { layers: LayerPlan[]; chains: string[][] } {
  const { base, members, options, universe } = question;
  const roots = packageTree({
    packages: universe.packages,
    machines: universe.machines,
    mode: 'disk',
    levels: options.levels,
    minBytes: options.minLayerSize ?? 0,
  });
  const { ground = [] } = question;
  const layers: LayerPlan[] = [...ground];
  const chains = members.map(() => [base, ...ground].map(({ id }) => id));
  const emit = (node: TreeNode, parent: string, below: readonly InstalledPackage[]): void => {
    const { last, installed } = nodeLayers(question, universe.items, node, parent, below, layers, chains);
    for (const child of node.children) emit(child, last, installed);
  };
  for (const root of roots) emit(root, topOfGround(question), question.basePackages);
  return { layers, chains };
}

function topOfGround({ base, ground = [] }: TreeQuestion): string {
  return (ground.at(-1) ?? base).id;
}

/** One node: what the archive has is installed, what it lost is laid down on top. */
function nodeLayers(
  question: TreeQuestion,
  items: readonly InstalledPackage[],
  node: TreeNode,
  parent: string,
  below: readonly InstalledPackage[],
  layers: LayerPlan[],
  chains: string[][],
): { last: string; installed: readonly InstalledPackage[] } {
  const { group, members, modes, context } = question;
  const machines = node.machines.map((machine) => members[machine]!.files);
  let last = parent;
  let installed = below;
  for (const mode of ['install', 'disk'] as const) {
    const packages = node.packages
      .filter((number) => question.universe.packages[number]!.mode === mode)
      .map((number) => items[number]!);
    if (packages.length === 0) continue;
    const layerQuestion = { group, parent: last, machines, packages, reason: commonReason(packages, modes) };
    const foreignArchitectures = machines[0]!.machine.packages?.foreignArchitectures ?? [];
    const inBase = members[node.machines[0]!]!.reduction.base;
    const layer =
      mode === 'disk'
        ? diskLayer(layerQuestion, 'packages', {
            more: question.isChecked === true && node.children.length === 0 ? packageState(machines[0]!) : [],
          })
        : installLayer(layerQuestion, context, union(inBase, installed), {
            foreignArchitectures,
            sources: question.sources,
            ...(question.installedVersion === undefined ? {} : { installedVersion: question.installedVersion }),
            localPackage: (item) => localPackage(item, question.options),
            ...(question.keys === undefined ? {} : { keys: question.keys }),
            ...(question.isChecked === undefined ? {} : { isChecked: question.isChecked }),
            ...(question.isOffered === undefined ? {} : { isOffered: question.isOffered }),
            ...(question.unwantedBy === undefined
              ? {}
              : { unwanted: question.unwantedBy(machines, parent === topOfGround(question)) }),
          });
    if (mode === 'install') installed = [...installed, ...packages];
    layers.push(layer);
    for (const machine of node.machines) chains[machine]!.push(layer.id);
    last = layer.id;
  }
  return { last, installed };
}

/** With bytes, needs and mode of each. */
export function numberPackages(
  question: Pick<TreeQuestion, 'members' | 'basePackages' | 'context' | 'modes'>,
): Universe {
  const { members, basePackages, context, modes } = question;
  const inBase = new Set(basePackages.map(packageIdentity));
  // Some version of these is in every base, though perhaps not the machine's, whose files then lie in a layer.
  const baseKeys = new Set(members.flatMap(({ reduction }) => reduction.base.map(packageIdentity)));
  const numbers = new Map<string, number>();
  const items: InstalledPackage[] = [];
  const bytes: number[] = [];
  for (const { packages, files } of members) {
    for (const item of packages) {
      const identity = packageIdentity(item);
      if (inBase.has(identity) || numbers.has(identity)) continue;
      numbers.set(identity, items.length);
      items.push(item);
      bytes.push(Math.max(1, measure(files, unchangedPaths(files, item)).tar - TAR_END_SIZE));
    }
  }
  const needs: number[][][] = items.map(() => []);
  const known = items.map(() => false);
  for (const { packages } of members) {
    const index = indexPackages(packages, context.manager, context.architecture);
    const identities = packages.map(packageIdentity);
    const isInBase = identities.map((identity) => baseKeys.has(identity));
    const numberOf = identities.map((identity) => numbers.get(identity));
    packages.forEach((item, node) => {
      const number = numberOf[node];
      if (number === undefined) return;
      const lists: number[][] = [];
      for (const requirement of item.depends) {
        const satisfiers = index.satisfiers(item, requirement);
        if (satisfiers.length === 0 || satisfiers.some((each) => isInBase[each.node])) continue;
        lists.push(satisfiers.map((each) => numberOf[each.node]!));
      }
      // Machines may satisfy one need by different packages: any of them will do where it is present.
      needs[number] = known[number] ? mergeNeeds(needs[number]!, lists) : lists;
      known[number] = true;
    });
  }
  return {
    items,
    packages: items.map((item, number) => ({
      bytes: bytes[number]!,
      needs: needs[number]!,
      mode: modes.get(packageIdentity(item))?.mode ?? 'disk',
    })),
    machines: members.map(({ packages }) =>
      packages
        .map((item) => numbers.get(packageIdentity(item)))
        .filter((number) => number !== undefined)
        .sort((a, b) => a - b),
    ),
  };
}

/** The needs of one package as two machines satisfy them, list by list where they correspond. */
function mergeNeeds(known: number[][], more: number[][]): number[][] {
  if (known.length !== more.length) return [...known, ...more];
  return known.map((list, index) => {
    const added = more[index]!.filter((each) => !list.includes(each));
    return added.length === 0 ? list : [...list, ...new Set(added)];
  });
}

function union(a: readonly InstalledPackage[], b: readonly InstalledPackage[]): InstalledPackage[] {
  return [...new Map([...a, ...b].map((item) => [packageIdentity(item), item])).values()];
}

function commonReason(packages: readonly InstalledPackage[], modes: PackageModes): string {
  const reasons = new Set(packages.map((item) => modes.get(packageIdentity(item))!.reason));
  return [...reasons].sort().join('; ');
}
