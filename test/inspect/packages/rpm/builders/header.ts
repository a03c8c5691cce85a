import { DEPENDENCY_TAGS, SENSE, TAG } from '../../../../../src/inspect/packages/rpm/header/tags.js';

/** Writes header blobs as rpm does, tags without padding: enough for a reader that trusts no alignment. */

export type TagValue =
  | string
  | readonly string[]
  | { readonly int32: readonly number[] }
  | { readonly int16: readonly number[] }
  | { readonly int8: readonly number[] }
  | { readonly int64: readonly bigint[] }
  | Buffer;

export function headerBlob(tags: ReadonlyMap<number, TagValue> | readonly (readonly [number, TagValue])[]): Buffer {
  const entries: Buffer[] = [];
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of tags) {
    const { type, count, data } = encode(value);
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(tag, 0);
    entry.writeUInt32BE(type, 4);
    entry.writeInt32BE(offset, 8);
    entry.writeUInt32BE(count, 12);
    entries.push(entry);
    parts.push(data);
    offset += data.length;
  }
  const counts = Buffer.alloc(8);
  counts.writeUInt32BE(entries.length, 0);
  counts.writeUInt32BE(offset, 4);
  return Buffer.concat([counts, ...entries, ...parts]);
}

export interface PackageSketch {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  readonly arch?: string;
  readonly vendor?: string;
  readonly requires?: readonly (string | readonly [string, string, string])[];
  readonly provides?: readonly (string | readonly [string, string, string])[];
  readonly files?: readonly string[];
  readonly transaction?: number;
  readonly more?: readonly (readonly [number, TagValue])[];
}

/** A header with the usual tags; relations are names, or name, operator and version. */
export function packageHeader(sketch: PackageSketch): Buffer {
  const tags: (readonly [number, TagValue])[] = [
    [TAG.name, sketch.name],
    [TAG.version, sketch.version ?? '1.0'],
    [TAG.release, sketch.release ?? '1'],
    [TAG.architecture, sketch.arch ?? 'x86_64'],
  ];
  if (sketch.epoch !== undefined) tags.push([TAG.epoch, { int32: [sketch.epoch] }]);
  if (sketch.vendor !== undefined) tags.push([TAG.vendor, sketch.vendor]);
  if (sketch.transaction !== undefined) tags.push([TAG.installTransaction, { int32: [sketch.transaction] }]);
  for (const kind of ['requires', 'provides'] as const) {
    const list = sketch[kind];
    if (list === undefined) continue;
    const parts = list.map((item) => (typeof item === 'string' ? ([item, '', ''] as const) : item));
    tags.push(
      [DEPENDENCY_TAGS[kind].names, parts.map(([name]) => name)],
      [DEPENDENCY_TAGS[kind].flags, { int32: parts.map(([, operator]) => flagsOf(operator)) }],
      [DEPENDENCY_TAGS[kind].versions, parts.map(([, , version]) => version)],
    );
  }
  if (sketch.files !== undefined) tags.push(...fileTags(sketch.files));
  return headerBlob([...tags, ...(sketch.more ?? [])]);
}

/** Names and folders of files, and nothing else of them. */
export function fileTags(paths: readonly string[]): (readonly [number, TagValue])[] {
  const folders = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/') + 1)))];
  return [
    [TAG.baseNames, paths.map((path) => path.slice(path.lastIndexOf('/') + 1))],
    [TAG.directoryIndexes, { int32: paths.map((path) => folders.indexOf(path.slice(0, path.lastIndexOf('/') + 1))) }],
    [TAG.directoryNames, folders],
  ];
}

function flagsOf(operator: string): number {
  return (
    (operator.includes('<') ? SENSE.less : 0) |
    (operator.includes('>') ? SENSE.greater : 0) |
    (operator.includes('=') ? SENSE.equal : 0)
  );
}

function encode(value: TagValue): { type: number; count: number; data: Buffer } {
  if (Buffer.isBuffer(value)) return { type: 7, count: value.length, data: value };
  if (typeof value === 'string') return { type: 6, count: 1, data: Buffer.from(`${value}\0`) };
  if ('int8' in value) return { type: 2, count: value.int8.length, data: Buffer.from(value.int8) };
  if ('int16' in value) return numbers(3, 2, value.int16, (data, item, at) => data.writeUInt16BE(item, at));
  if ('int32' in value) return numbers(4, 4, value.int32, (data, item, at) => data.writeUInt32BE(item >>> 0, at));
  if ('int64' in value) return numbers(5, 8, value.int64, (data, item, at) => data.writeBigUInt64BE(item, at));
  return { type: 8, count: value.length, data: Buffer.from(value.map((text) => `${text}\0`).join('')) };
}

function numbers<Item>(
  type: number,
  width: number,
  items: readonly Item[],
  write: (data: Buffer, item: Item, at: number) => void,
): { type: number; count: number; data: Buffer } {
  const data = Buffer.alloc(items.length * width);
  for (const [index, item] of items.entries()) write(data, item, index * width);
  return { type, count: items.length, data };
}
