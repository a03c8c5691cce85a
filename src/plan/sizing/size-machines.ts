import type { Entry } from '../../model/entry.js';
import type { FileRecord } from '../../model/files.js';
import type { InspectedMachine } from '../../model/inspected.js';
import { comparePaths } from '../../model/path.js';
import type { LayerPlan, Plan } from '../../model/plan.js';
import type { AreaSize, FileSize, FleetSizing, MachineSizing, NamedSize } from '../../model/sizing.js';
import { compressedSize } from './compression.js';
import { duplicates } from './duplicates.js';
import { largestTrees } from './trees.js';

/** How many of each kind are listed. */
const LISTED = 10;

const CACHES = /^(?:\/var\/cache\/|(?:\/root|\/home\/[^/]+)\/\.cache\/)/;
const LOGS = /^\/var\/log\//;

/** Pure, like the plan that it goes with. */
export function sizeMachines(plan: Plan, machines: readonly InspectedMachine[]): FleetSizing {
  const sorted = [...machines].sort((a, b) => comparePaths(a.source.name, b.source.name));
  return {
    machines: sorted.map((machine) => sizeMachine(machine, deltaOf(plan, machine.source.name))),
    duplicates: duplicates(plan, sorted, LISTED),
  };
}

function sizeMachine(machine: InspectedMachine, delta: LayerPlan): MachineSizing {
  const files = distinctFiles(machine.files.records.values());
  const kept = files.filter(({ excluded }) => excluded === undefined);
  const bytes = (records: readonly FileRecord[], of: (entry: Entry) => number): number =>
    records.reduce((sum, { entry }) => sum + of(entry), 0);
  return {
    name: machine.source.name,
    apparent: bytes(files, ({ size }) => size),
    allocated: bytes(files, ({ allocated }) => allocated),
    compressed: Math.round(bytes(kept, compressedSize)),
    delta: deltaRange(delta),
    packages: packageSizes(files),
    trees: largestTrees(
      files.map(({ entry }) => entry),
      LISTED,
    ),
    caches: area(files.filter(({ entry, excluded }) => excluded?.class === 'package-cache' || CACHES.test(entry.path))),
    logs: area(files.filter(({ entry }) => LOGS.test(entry.path))),
    data: machine.files.dataDirectories
      .map(({ path, kind, size }) => ({ name: path, kind, size }))
      .sort(bySize)
      .slice(0, LISTED),
    sparse: fileSizes(machine.files.sparse),
    large: fileSizes(machine.files.large),
  };
}

function deltaOf(plan: Plan, name: string): LayerPlan {
  return plan.groups.flatMap(({ layers }) => layers).find((layer) => layer.kind === 'delta' && layer.vms[0] === name)!;
}

function deltaRange({ size }: LayerPlan): MachineSizing['delta'] {
  const { low, high } = size.interval ?? { low: size.predicted, high: size.predicted };
  const reason =
    low === high
      ? 'exact: everything is laid down from the disk, or nothing is left to the scripts of packages'
      : 'between: the scripts of installed packages may make some of these files again';
  return { predicted: size.predicted, low, high, reason };
}

/** Each regular file under one of its names. */
function distinctFiles(records: Iterable<FileRecord>): FileRecord[] {
  const seen = new Set<string>();
  const distinct: FileRecord[] = [];
  for (const record of records) {
    const { type, links, fileId } = record.entry;
    if (type !== 'file') continue;
    if (links > 1) {
      if (seen.has(fileId)) continue;
      seen.add(fileId);
    }
    distinct.push(record);
  }
  return distinct;
}

function packageSizes(files: readonly FileRecord[]): NamedSize[] {
  const sizes = new Map<string, number>();
  for (const { entry, owners } of files) {
    for (const owner of owners) sizes.set(owner, (sizes.get(owner) ?? 0) + entry.size);
  }
  return [...sizes]
    .map(([name, size]) => ({ name, size }))
    .sort(bySize)
    .slice(0, LISTED);
}

function area(files: readonly FileRecord[]): AreaSize {
  const sizes = files.map(({ entry }) => ({ name: entry.path, size: entry.size }));
  return { size: sizes.reduce((sum, { size }) => sum + size, 0), largest: sizes.sort(bySize).slice(0, 5) };
}

function fileSizes(entries: readonly Entry[]): FileSize[] {
  return entries
    .map(({ path, size, allocated }) => ({ name: path, size, allocated }))
    .sort(bySize)
    .slice(0, LISTED);
}

function bySize(a: NamedSize, b: NamedSize): number {
  return b.size - a.size || comparePaths(a.name, b.name);
}
