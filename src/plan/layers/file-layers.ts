import { isHardLinked } from '../../model/entry.js';
import type { InstalledPackage } from '../../model/packages.js';
import { comparePaths } from '../../model/path.js';
import type { LayerPlan } from '../../model/plan.js';
import { TAR_END_SIZE } from '../../syntax/tar-header.js';
import { type MachineFiles, measure } from '../files.js';
import { contentOf, likeness } from '../likeness.js';
import { differingPaths } from './delta.js';
import { MAX_LAYERS } from './objective.js';
import { layerId } from './package-layers.js';
import { packageTree } from './package-tree.js';
import type { TreeNode } from './tree-problem.js';

export interface FileLayerQuestion {
  readonly group: string;
  /** The machines of the group, in the order of the output, and the ids of the layers below each. */
  readonly machines: readonly MachineFiles[];
  readonly chains: readonly (readonly string[])[];
  readonly layers: ReadonlyMap<string, LayerPlan>;
  readonly sourceOf: ReadonlyMap<string, MachineFiles>;
  /** What a package manager has installed in the layers of a chain. */
  readonly installedIn: (chain: readonly LayerPlan[]) => readonly InstalledPackage[];
  readonly minBytes: number;
}

/**
 * Layers above the packages for machines whose packages are the same: what several of them hold at the same path with
 * the same metadata and content, so that clones cost what differs between them. Parents first; the chains go on from
 * those of the question. A folder above such a file comes as the first machine has it; the deltas mend it elsewhere.
 */
export function fileLayers(question: FileLayerQuestion): { layers: LayerPlan[]; chains: string[][] } {
  const chains = question.chains.map((chain) => [...chain]);
  const layers: LayerPlan[] = [];
  const clones = new Map<string, number[]>();
  chains.forEach((chain, machine) => {
    const top = chain.at(-1)!;
    clones.set(top, [...(clones.get(top) ?? []), machine]);
  });
  for (const [top, members] of clones) {
    if (members.length < 2) continue;
    const shared = sharedFiles(question, members);
    const tree = packageTree({
      packages: shared.units.map(({ bytes }) => ({ bytes, needs: [] })),
      machines: shared.unitsOf,
      mode: 'disk',
      levels: Math.max(3, MAX_LAYERS - 1 - question.chains[members[0]!]!.length),
      minBytes: question.minBytes,
    });
    const emit = (node: TreeNode, parent: string): void => {
      // What one machine has alone is its delta.
      if (node.machines.length < 2) return;
      const machines = node.machines.map((number) => members[number]!);
      const paths = node.packages.flatMap((unit) => shared.units[unit]!.paths).sort(comparePaths);
      const layer = fileLayer(
        question.group,
        parent,
        machines.map((machine) => question.machines[machine]!),
        paths,
      );
      layers.push(layer);
      for (const machine of machines) chains[machine]!.push(layer.id);
      for (const child of node.children) emit(child, layer.id);
    };
    for (const root of tree) emit(root, top);
  }
  return { layers, chains };
}

function fileLayer(
  group: string,
  parent: string,
  machines: readonly MachineFiles[],
  paths: readonly string[],
): LayerPlan {
  const first = machines[0]!;
  const { size, tar } = measure(first, paths);
  return {
    id: layerId(group, parent, 'files', [contentOf(first, paths)]),
    parent,
    kind: 'files',
    vms: machines.map(({ machine }) => machine.source.name),
    packages: [],
    mode: 'disk',
    reason: 'the machines have the same packages and share more files than a layer costs',
    paths,
    size: { predicted: size },
    tar: { predicted: tar },
  };
}

/** Paths that the same machines share. */
interface Unit {
  readonly bytes: number;
  readonly paths: readonly string[];
}

/** The units of the machines; each machine has one of its own besides, so that its delta counts as a layer anyway. */
function sharedFiles(
  question: FileLayerQuestion,
  members: readonly number[],
): { units: Unit[]; unitsOf: readonly (readonly number[])[] } {
  const holders = new Map<string, number[]>();
  members.forEach((machine, number) => {
    for (const [path, key] of candidates(question, machine)) {
      const name = `${path}\0${key}`;
      const list = holders.get(name);
      if (list === undefined) holders.set(name, [number]);
      else list.push(number);
    }
  });
  const pathsOf = new Map<string, { machines: readonly number[]; paths: string[] }>();
  for (const [name, machines] of holders) {
    if (machines.length < 2) continue;
    const signature = machines.join();
    const unit = pathsOf.get(signature) ?? { machines, paths: [] };
    unit.paths.push(name.slice(0, name.indexOf('\0')));
    pathsOf.set(signature, unit);
  }
  const units: Unit[] = members.map(() => ({ bytes: 1, paths: [] }));
  const unitsOf: number[][] = members.map((_, number) => [number]);
  for (const { machines, paths } of pathsOf.values()) {
    const first = question.machines[members[machines[0]!]!]!;
    for (const machine of machines) unitsOf[machine]!.push(units.length);
    units.push({ bytes: Math.max(1, measure(first, paths).tar - TAR_END_SIZE), paths });
  }
  return { units, unitsOf };
}

/** What the delta of a machine would hold for certain and another machine may hold too: path → likeness. */
function candidates(question: FileLayerQuestion, machine: number): Map<string, string> {
  const files = question.machines[machine]!;
  const chain = question.chains[machine]!.map((id) => question.layers.get(id)!);
  const { certain } = differingPaths({
    group: question.group,
    files,
    chain,
    sourceOf: question.sourceOf,
    installed: question.installedIn(chain),
  });
  const wanted = new Set(certain);
  const found = new Map<string, string>();
  for (const path of certain) {
    const { entry } = files.keptAt(path)!;
    // The names of one file stay together.
    const names = isHardLinked(entry) ? files.hardLinks.get(entry.fileId)! : [];
    if (!names.every((name) => wanted.has(name))) continue;
    const key = likeness(files, entry);
    if (key !== null) found.set(path, key);
  }
  return found;
}
