import { damaged, exact, tooLarge, unsupported } from './faults.js';
import { type LvmSection, type LvmValue, parseLvmText } from './lvm-text.js';
import { type BlockView, checkRange, mappedView, type Piece, readBytes, readUpTo } from './view.js';

/** A physical volume: its own id, and the metadata texts of its group that it carries (none is possible). */
export interface PhysicalVolume {
  readonly view: BlockView;
  readonly uuid: string;
  readonly texts: readonly string[];
}

export interface LogicalVolume {
  readonly group: string;
  readonly name: string;
  readonly view: BlockView;
}

const MAX_TEXT = 16 * 2 ** 20;
const MAX_STRIPES = 128;
const METADATA_MAGIC = ' LVM2 x[5A%r0N*>';

/** The physical volume in a view; undefined when there is no LVM2 label in its first four sectors. */
export function readPhysicalVolume(view: BlockView): PhysicalVolume | undefined {
  for (let sector = 0; sector < 4; sector += 1) {
    const label = readUpTo(view, sector * 512, 512);
    if (
      label.length < 512 ||
      label.toString('latin1', 0, 8) !== 'LABELONE' ||
      label.toString('latin1', 24, 32) !== 'LVM2 001'
    )
      continue;
    const at = label.readUInt32LE(20);
    if (at < 32 || at > 400) throw damaged('LVM label');
    const [, metadataAreas] = readAreas(label, at + 40);
    return {
      view,
      uuid: label.toString('latin1', at, at + 32),
      texts: metadataAreas!.flatMap((area) => readText(view, area)),
    };
  }
  return undefined;
}

/**
 * The logical volumes of all groups that the physical volumes belong to.
 * @throws Declined when a volume is of a kind other than linear or striped, or lacks a physical volume.
 */
export function assembleLogicalVolumes(physical: readonly PhysicalVolume[]): LogicalVolume[] {
  const groups = new Map<string, { name: string; section: LvmSection; sequence: number }>();
  for (const text of physical.flatMap(({ texts }) => texts)) {
    for (const [name, section] of parseLvmText(text).sections) {
      const id = textOf(section.values.get('id'));
      const sequence = numberOf(section.values.get('seqno'));
      if ((groups.get(id)?.sequence ?? -1) < sequence) groups.set(id, { name, section, sequence });
    }
  }
  if (physical.length > 0 && groups.size === 0) throw unsupported('LVM physical volumes without metadata');
  return [...groups.values()].flatMap(({ name, section }) => assembleGroup(name, section, physical));
}

interface Area {
  readonly offset: number;
  readonly size: number;
}

/** Two lists of (offset, size), each ended by a zero: data areas, then metadata areas. */
function readAreas(label: Buffer, start: number): Area[][] {
  const lists: Area[][] = [[], []];
  let at = start;
  for (const list of lists) {
    for (;;) {
      if (at + 16 > label.length) throw damaged('LVM label: area lists without end');
      const offset = exact(label.readBigUInt64LE(at), 'LVM area');
      const size = exact(label.readBigUInt64LE(at + 8), 'LVM area');
      at += 16;
      if (offset === 0) break;
      list.push({ offset, size });
    }
  }
  return lists;
}

/** The current text of a metadata area, a ring buffer behind a header of 512 bytes. */
function readText(view: BlockView, { offset, size }: Area): string[] {
  const header = readBytes(view, offset, 512);
  if (header.toString('latin1', 4, 20) !== METADATA_MAGIC) return [];
  const start = exact(header.readBigUInt64LE(40), 'LVM metadata offset');
  const length = exact(header.readBigUInt64LE(48), 'LVM metadata size');
  const isIgnored = (header.readUInt32LE(60) & 1) !== 0;
  if (start === 0 || length === 0 || isIgnored) return [];
  if (length > MAX_TEXT || start >= size || length > size - 512) throw damaged('LVM metadata is larger than its area');
  const first = Math.min(length, size - start);
  const parts = [readBytes(view, offset + start, first)];
  if (length > first) parts.push(readBytes(view, offset + 512, length - first));
  return [Buffer.concat(parts).toString('utf8')];
}

function assembleGroup(group: string, section: LvmSection, physical: readonly PhysicalVolume[]): LogicalVolume[] {
  const extentBytes = numberOf(section.values.get('extent_size')) * 512;
  const sources = new Map<string, Piece>();
  for (const [name, member] of section.sections.get('physical_volumes')?.sections ?? []) {
    const uuid = textOf(member.values.get('id')).replaceAll('-', '');
    const view = physical.find((each) => each.uuid === uuid)?.view ?? null;
    sources.set(name, { view, offset: numberOf(member.values.get('pe_start')) * 512, length: view?.size ?? 0 });
  }
  const volumes: LogicalVolume[] = [];
  for (const [name, volume] of section.sections.get('logical_volumes')?.sections ?? []) {
    const status = volume.values.get('status');
    if (!Array.isArray(status) || !status.includes('VISIBLE')) continue;
    const segments = [...volume.sections].filter(([key]) => /^segment\d+$/.test(key)).map(([, segment]) => segment);
    segments.sort((a, b) => numberOf(a.values.get('start_extent')) - numberOf(b.values.get('start_extent')));
    volumes.push({ group, name, view: joinSegments(segments, `${group}/${name}`, extentBytes, sources) });
  }
  return volumes;
}

function joinSegments(
  segments: readonly LvmSection[],
  volume: string,
  extentBytes: number,
  sources: ReadonlyMap<string, Piece>,
): BlockView {
  const pieces: Piece[] = [];
  let next = 0;
  for (const { values } of segments) {
    const count = numberOf(values.get('extent_count'));
    if (numberOf(values.get('start_extent')) !== next || count === 0) throw damaged(`LVM volume ${volume} has gaps`);
    next += count;
    const type = textOf(values.get('type'));
    if (type !== 'striped') throw unsupported(`LVM volume ${volume} of type ${type}`);
    const view = stripedView(values, volume, count * extentBytes, extentBytes, sources);
    pieces.push({ view, offset: 0, length: view.size });
  }
  return mappedView(pieces);
}

function stripedView(
  values: LvmSection['values'],
  volume: string,
  length: number,
  extentBytes: number,
  sources: ReadonlyMap<string, Piece>,
): BlockView {
  const list = values.get('stripes');
  const count = numberOf(values.get('stripe_count'));
  if (!Array.isArray(list) || list.length !== count * 2 || count < 1) throw damaged(`LVM volume ${volume}: stripes`);
  if (count > MAX_STRIPES) throw tooLarge(`LVM volume ${volume} has ${count} stripes`);
  const stripes: Piece[] = [];
  for (let index = 0; index < count; index += 1) {
    const source = sources.get(textOf(list[index * 2]));
    if (source === undefined || source.view === null)
      throw unsupported(`LVM volume ${volume} lies on a disk that is missing`);
    const offset = source.offset + numberOf(list[index * 2 + 1]) * extentBytes;
    stripes.push({ view: source.view, offset, length: length / count });
  }
  if (count === 1) return mappedView(stripes);
  const stripeBytes = numberOf(values.get('stripe_size')) * 512;
  if (stripeBytes < 512 || length % (stripeBytes * count) !== 0) throw damaged(`LVM volume ${volume}: stripe size`);
  return interleavedView(stripes, stripeBytes, length);
}

/** Stripes of `stripeBytes` taken in turn from each piece. */
function interleavedView(stripes: readonly Piece[], stripeBytes: number, size: number): BlockView {
  return {
    size,
    read(target, at, length, offset) {
      checkRange(offset, length, size);
      for (let done = 0; done < length; ) {
        const number = Math.floor((offset + done) / stripeBytes);
        const inside = offset + done - number * stripeBytes;
        const count = Math.min(length - done, stripeBytes - inside);
        const stripe = stripes[number % stripes.length]!;
        const row = Math.floor(number / stripes.length);
        stripe.view!.read(target, at + done, count, stripe.offset + row * stripeBytes + inside);
        done += count;
      }
    },
  };
}

function textOf(value: LvmValue | undefined): string {
  if (typeof value !== 'string') throw damaged('LVM metadata lacks a text');
  return value;
}

function numberOf(value: LvmValue | undefined): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw damaged('LVM metadata lacks a number');
  return value;
}
