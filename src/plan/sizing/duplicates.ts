import type { InspectedMachine } from '../../model/inspected.js';
import { packageKey } from '../../model/packages.js';
import type { LayerPlan, Plan } from '../../model/plan.js';
import type { DuplicateSummary } from '../../model/sizing.js';
import { installationOf, recreation } from '../layers/recreated.js';

/** Below this a file costs its header rather than its content. */
const LEAST_BYTES = 4096;

interface Content {
  readonly size: number;
  /** Each machine that has it, with its first path there. */
  readonly places: Map<string, string>;
}

/** @returns null when no machine's content was read. */
export function duplicates(plan: Plan, machines: readonly InspectedMachine[], limit: number): DuplicateSummary | null {
  if (machines.every(({ files }) => files.digests.size === 0)) return null;
  const everywhere = new Map<string, Content>();
  for (const machine of machines) {
    for (const [path, { excluded }] of machine.files.records) {
      if (excluded === undefined) note(everywhere, machine, path);
    }
  }
  const unshared = new Map<string, Content>();
  const byName = new Map(machines.map((machine) => [machine.source.name, machine]));
  for (const layer of plan.groups.flatMap(({ layers }) => layers)) {
    if (layer.kind !== 'delta') continue;
    const machine = byName.get(layer.vms[0]!)!;
    for (const path of certainPaths(machine, layer)) note(unshared, machine, path);
  }
  return {
    identical: wasted(everywhere.values()),
    unshared: wasted(unshared.values()),
    largest: [...unshared]
      .filter(([, { places }]) => places.size > 1)
      .sort(([one, a], [other, b]) => saving(b) - saving(a) || (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([sha256, { size, places }]) => ({ sha256, size, places: [...places].map(([vm, path]) => ({ vm, path })) })),
  };
}

/** The list of a delta above an installation names what the installation makes again, too. */
function certainPaths(machine: InspectedMachine, { paths, size }: LayerPlan): readonly string[] {
  if (paths === undefined || size.interval === undefined) return paths ?? [];
  const { records } = machine.files;
  const installation = installationOf(records, new Set((machine.packages?.packages ?? []).map(packageKey)));
  return paths.filter((path) => recreation(records.get(path)!, installation) === 'own');
}

function note(contents: Map<string, Content>, { source, files }: InspectedMachine, path: string): void {
  const digest = files.digests.get(path)?.sha256;
  const entry = files.records.get(path)?.entry;
  if (digest === undefined || entry === undefined || entry.size < LEAST_BYTES) return;
  const content = contents.get(digest) ?? { size: entry.size, places: new Map() };
  if (!content.places.has(source.name)) content.places.set(source.name, path);
  contents.set(digest, content);
}

function wasted(contents: Iterable<Content>): number {
  let sum = 0;
  for (const content of contents) sum += saving(content);
  return sum;
}

function saving({ size, places }: Content): number {
  return size * (places.size - 1);
}
