import type { Entry } from '../../model/entry.js';
import type { FileRecord } from '../../model/files.js';
import { type InstalledPackage, packageKey } from '../../model/packages.js';
import { comparePaths } from '../../model/path.js';
import type { LayerPlan } from '../../model/plan.js';
import { type MachineFiles, measure, sameMetadata } from '../files.js';
import { layerEntries } from '../layer-entries.js';
import { layerId } from './package-layers.js';
import { installationOf, recreation } from './recreated.js';

export interface DeltaQuestion {
  readonly group: string;
  readonly files: MachineFiles;
  /** The layers below, from the base up, and the machine that each `disk` layer is taken from. */
  readonly chain: readonly LayerPlan[];
  readonly sourceOf: ReadonlyMap<string, MachineFiles>;
  /** What a package manager has installed below: in the base and in `install` layers. */
  readonly installed: readonly InstalledPackage[];
}

/**
 * DI3: everything of the machine that no layer below holds as the machine has it.
 *
 * Above `disk` layers alone it is exact. Above an installation it comes from the package database, which knows
 * contents but neither times nor owners nor what scripts made, so it names all that may differ: a superset, and the
 * sizes are an interval whose low end leaves out what an installation makes again.
 */
export function deltaLayer(question: DeltaQuestion): LayerPlan {
  const { files, chain } = question;
  const { paths, certain, doubtful, isExact } = differingPaths(question);
  const low = measure(files, certain);
  const high = doubtful.length === 0 ? low : measure(files, [...certain, ...doubtful]);
  const range = (from: number, to: number) =>
    isExact ? { predicted: to } : { predicted: Math.round((from + to) / 2), interval: { low: from, high: to } };
  const name = files.machine.source.name;
  const parent = chain.at(-1)!.id;
  return {
    id: layerId(question.group, parent, 'delta', [files.machine.source.slug]),
    parent,
    kind: 'delta',
    vms: [name],
    packages: [],
    paths: [...paths].sort(comparePaths),
    deletions: deletions(question, new Set(question.installed.map(packageKey))),
    size: range(low.size, high.size),
    tar: range(low.tar, high.tar),
  };
}

export interface DifferingPaths {
  /** Whatever may differ from the layers below. */
  readonly paths: readonly string[];
  /** Those that certainly do, folders included, and those that an installation perhaps makes again. */
  readonly certain: readonly string[];
  readonly doubtful: readonly string[];
  /** Whether `paths` and `certain` are the same. */
  readonly isExact: boolean;
}

/** What the layers of the chain do not bring as the machine has it. */
export function differingPaths(question: DeltaQuestion): DifferingPaths {
  const { files, chain } = question;
  const laidAt = laidDown(question);
  const installed = new Set(question.installed.map(packageKey));
  const isExact = installed.size === 0 && chain.every((layer) => layer.mode === 'disk');
  const installation = isExact ? null : installationOf(files.machine.files.records, installed);
  const paths: string[] = [];
  const certain: string[] = [];
  const doubtful: string[] = [];
  for (const record of files.kept) {
    const { entry } = record;
    const { path } = entry;
    const below = laidAt(path);
    if (below !== undefined && (entry.type !== 'directory' || sameFolder(entry, below))) continue;
    if (entry.type !== 'directory' && isInstalled(files, record, installed)) continue;
    paths.push(path);
    if (installation === null || entry.type === 'directory') certain.push(path);
    else {
      const again = recreation(record, installation);
      if (again === 'own') certain.push(path);
      else if (again === 'doubtful') doubtful.push(path);
    }
  }
  return { paths, certain, doubtful, isExact };
}

/** What the uppermost `disk` layer that has the path leaves there; folders above its files included. */
function laidDown(question: DeltaQuestion): (path: string) => Entry | undefined {
  const layers: ReadonlyMap<string, Entry>[] = [];
  for (const layer of question.chain) {
    const source = question.sourceOf.get(layer.id);
    if (source !== undefined) layers.unshift(entriesOf(layer, source));
  }
  return (path) => {
    for (const entries of layers) {
      const entry = entries.get(path);
      if (entry !== undefined) return entry;
    }
    return undefined;
  };
}

/** Every machine above asks for the same. */
const entriesOnce = new WeakMap<LayerPlan, ReadonlyMap<string, Entry>>();

function entriesOf(layer: LayerPlan, source: MachineFiles): ReadonlyMap<string, Entry> {
  const known = entriesOnce.get(layer);
  if (known !== undefined) return known;
  const entries = new Map(layerEntries(source.machine, layer).map((entry) => [entry.path, entry]));
  entriesOnce.set(layer, entries);
  return entries;
}

function sameFolder(a: Entry, b: Entry): boolean {
  return sameMetadata(a, b) && a.mtime === b.mtime;
}

/** Whether an installation of its package brings the file as it is, as far as the database tells. */
function isInstalled(files: MachineFiles, record: FileRecord, installed: ReadonlySet<string>): boolean {
  const owner = record.owners.find((key) => installed.has(key));
  if (owner === undefined || record.ghost === true || record.changes !== undefined) return false;
  if (record.state === 'unchanged') return record.entry.uid === 0 && record.entry.gid === 0;
  if (record.state !== 'unverified') return false;
  // Without its content: a packaged file has the time of its build, what was written on the machine is younger
  // than the installation.
  const isUnread = files.machine.files.digests.size === 0;
  const [name, architecture] = owner.split(':') as [string, string];
  const list =
    files.machine.files.records.get(`/var/lib/dpkg/info/${name}.list`) ??
    files.machine.files.records.get(`/var/lib/dpkg/info/${name}:${architecture}.list`);
  return isUnread && (list === undefined || record.entry.mtime <= list.entry.mtime);
}

/** Paths that an installation creates and the machine lacks. */
function deletions({ files }: DeltaQuestion, installed: ReadonlySet<string>): string[] {
  const { missing, records } = files.machine.files;
  const paths = missing.filter(({ path, owner }) => installed.has(owner) && !records.has(path)).map(({ path }) => path);
  return [...new Set(paths)].sort(comparePaths);
}
