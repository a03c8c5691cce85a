import type { ExtendedAttributes } from '../model/entry.js';
import { comparePaths } from '../model/path.js';
import type { MachineSnapshot } from './machine-snapshot.js';
import type { Snapshot, SnapshotEntry } from './snapshot.js';

export type DifferenceKind =
  | 'missing'
  | 'extra'
  | 'type'
  | 'mode'
  | 'owner'
  | 'content'
  | 'target'
  | 'device'
  | 'hard-link'
  | 'attribute'
  | 'time';

/** One way in which a path of the image is not as on the machine. */
export interface Difference {
  readonly path: string;
  readonly kind: DifferenceKind;
  /** What each side has, for a person to read; null where it has nothing. */
  readonly machine: string | null;
  readonly image: string | null;
}

export interface CompareOptions {
  /** Whether the time of an entry of the image counts; the time of its root never does. */
  readonly comparesTime: (image: SnapshotEntry) => boolean;
}

/** Equality as design §8 has it: every path of both sides that is not ignored, sorted; nothing when identical. */
export function compareSnapshots(machine: MachineSnapshot, image: Snapshot, options: CompareOptions): Difference[] {
  const differences: Difference[] = [];
  const namesOnMachine = firstNames(machine.entries, () => true);
  const namesInImage = firstNames(image, (path) => !machine.isIgnored(path));
  for (const [path, wanted] of machine.entries) {
    const found = image.get(path);
    if (found === undefined) {
      differences.push({ path, kind: 'missing', machine: wanted.type, image: null });
      continue;
    }
    for (const [kind, left, right] of differingFields(wanted, found, options)) {
      differences.push({ path, kind, machine: left, image: right });
    }
    const [ours, theirs] = [namesOnMachine.get(wanted.group) ?? path, namesInImage.get(found.group) ?? path];
    if (wanted.type === found.type && wanted.type !== 'symlink' && ours !== theirs) {
      differences.push({ path, kind: 'hard-link', machine: nameOf(ours, path), image: nameOf(theirs, path) });
    }
  }
  for (const [path, found] of image) {
    if (machine.entries.has(path) || machine.isIgnored(path)) continue;
    differences.push({ path, kind: 'extra', machine: null, image: found.type });
  }
  return differences.sort((a, b) => comparePaths(a.path, b.path) || comparePaths(a.kind, b.kind));
}

function nameOf(first: string, path: string): string {
  return first === path ? 'first name' : `same file as ${first}`;
}

/** Of each file with several names, the first of those that count; links are never taken for names of one file. */
function firstNames(snapshot: Snapshot, counts: (path: string) => boolean): Map<string, string> {
  const first = new Map<string, string>();
  for (const [path, { group, type }] of snapshot) {
    if (type === 'directory' || type === 'symlink' || !counts(path)) continue;
    const known = first.get(group);
    if (known === undefined || comparePaths(path, known) < 0) first.set(group, path);
  }
  return first;
}

function* differingFields(
  machine: SnapshotEntry,
  image: SnapshotEntry,
  { comparesTime }: CompareOptions,
): Generator<[DifferenceKind, string, string]> {
  if (machine.type !== image.type) {
    yield ['type', machine.type, image.type];
    return;
  }
  const fields: [DifferenceKind, string, string][] = [
    ['mode', octal(machine.mode), octal(image.mode)],
    ['owner', `${machine.uid}:${machine.gid}`, `${image.uid}:${image.gid}`],
    ['content', contentOf(machine), contentOf(image)],
    ['target', machine.target ?? '', image.target ?? ''],
    ['device', deviceOf(machine), deviceOf(image)],
    ['attribute', attributesText(machine.attributes), attributesText(image.attributes)],
  ];
  for (const [kind, left, right] of fields) if (left !== right) yield [kind, left, right];
  const hasTimes = machine.mtime !== null && image.mtime !== null;
  if (hasTimes && machine.mtime !== image.mtime && comparesTime(image)) {
    yield ['time', String(machine.mtime), String(image.mtime)];
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Content that was not read is equal to nothing. */
function contentOf({ type, size, sha256, layer }: SnapshotEntry): string {
  if (type !== 'file') return '';
  return `${size} bytes, sha256 ${sha256 ?? `unknown on the ${layer < 0 ? 'machine' : 'image'}`}`;
}

function deviceOf({ device }: SnapshotEntry): string {
  return device === undefined ? '' : `${device.major}:${device.minor}`;
}

function attributesText(attributes: ExtendedAttributes): string {
  if (attributes.size === 0) return '';
  const texts = [...attributes].map(([name, value]) => `${name}=${value.toString('hex')}`);
  return texts.sort(comparePaths).join(' ');
}
