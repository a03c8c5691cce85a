import type { Entry, ExtendedAttributes } from '../../model/entry.js';
import type { DataRun, GuestFs, StreamItem } from '../../model/guest-fs.js';
import { isWithin } from '../../model/path.js';
import { LayerChanges } from '../../syntax/layer-changes.js';
import { attributesOf } from '../tar/pax.js';
import { readTar, type TarMember } from '../tar/read-tar.js';
import { wholeContent } from '../tar/stream-members.js';
import { Tree } from '../tree.js';
import { TreeGuestFs } from '../tree-guest-fs.js';

/** One layer of an image, the uncompressed archive. */
export interface LayerSource {
  open(): AsyncIterable<Uint8Array>;
}

interface LayerFile {
  readonly entry: Entry;
  readonly attributes: ExtendedAttributes;
}

/** Single files and all together; what is above them is metadata alone. */
const MAX_FILE_BYTES = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

/**
 * The tree that the layers of an image make (`LayerChanges`), for the inspectors: metadata of every path, and the
 * content of what lies at or below the wanted paths. Other content is passed over; asking for it fails like a file that cannot be read.
 * @param layers The lowest first.
 * @throws AppError `input-corrupt`, `input-truncated`, `image-invalid`.
 */
export async function openLayers(layers: readonly LayerSource[], wanted: readonly string[]): Promise<GuestFs> {
  let files = new Map<string, LayerFile>();
  const contents = new Map<string, readonly DataRun[]>();
  let number = 0;
  for (const layer of layers) {
    files = await withLayer(files, layer, { number, wanted, contents });
    number += 1;
  }
  return new LayersGuestFs(
    [...files].map(([path, file]) => ({ path, file })),
    contents,
  );
}

interface Reading {
  readonly number: number;
  readonly wanted: readonly string[];
  readonly contents: Map<string, readonly DataRun[]>;
}

async function withLayer(
  below: ReadonlyMap<string, LayerFile>,
  layer: LayerSource,
  { number, wanted, contents }: Reading,
): Promise<Map<string, LayerFile>> {
  const changes = new LayerChanges(below, ({ entry }) => entry.type);
  let total = [...contents.values()].flat().reduce((sum, { data }) => sum + data.length, 0);
  for await (const member of readTar(layer.open())) {
    const path = changes.take(member.name);
    if (path === null) continue;
    if (member.type === 'hardlink') {
      changes.add(path, changes.linked(member.linkName));
      continue;
    }
    const entry = entryOf(path, member, number);
    changes.add(path, { entry, attributes: attributesOf(member.records) });
    const isWanted = member.type === 'file' && wanted.some((folder) => isWithin(path, folder));
    if (isWanted && member.storedSize <= MAX_FILE_BYTES && total + member.storedSize <= MAX_TOTAL_BYTES) {
      total += member.storedSize;
      const runs: DataRun[] = [];
      for await (const run of member.content) runs.push(run);
      contents.set(entry.fileId, runs);
    }
  }
  return changes.tree();
}

function entryOf(path: string, member: TarMember, number: number): Entry {
  const { mode, uid, gid, mtime, mtimeNanoseconds, device, position } = member;
  const type = member.type === 'hardlink' ? 'file' : member.type;
  return {
    path,
    ...{ type, mode, uid, gid, mtime, mtimeNanoseconds },
    size: type === 'file' ? member.size : 0,
    allocated: type === 'file' ? Math.ceil(member.storedSize / 512) * 512 : 0,
    links: 1,
    fileId: `layer${number}:${position}`,
    ...(type === 'symlink' ? { target: member.linkName } : {}),
    ...(type === 'character' || type === 'block' ? { device } : {}),
  };
}

class LayersGuestFs extends TreeGuestFs {
  readonly #attributes = new Map<string, ExtendedAttributes>();
  readonly #contents: ReadonlyMap<string, readonly DataRun[]>;

  constructor(files: readonly { path: string; file: LayerFile }[], contents: ReadonlyMap<string, readonly DataRun[]>) {
    const links = new Map<string, number>();
    for (const { file } of files) links.set(file.entry.fileId, (links.get(file.entry.fileId) ?? 0) + 1);
    super(new Tree(files.map(({ path, file: { entry } }) => ({ ...entry, path, links: links.get(entry.fileId)! }))));
    for (const { file } of files) this.#attributes.set(file.entry.fileId, file.attributes);
    this.#contents = contents;
  }

  async stream(visit: (item: StreamItem) => Promise<void>, select?: (entry: Entry) => boolean): Promise<void> {
    const seen = new Set<string>();
    for (const entry of this.tree.entries()) {
      if (select !== undefined && !select(entry)) continue;
      const runs = seen.has(entry.fileId) ? undefined : this.#contents.get(entry.fileId);
      if (entry.links > 1) seen.add(entry.fileId);
      const attributes = this.#attributes.get(entry.fileId) ?? new Map();
      await visit({ entry, attributes, ...(runs === undefined ? {} : { content: each(runs) }) });
    }
  }

  protected async readContent({ fileId, size }: Entry): Promise<Buffer> {
    const runs = this.#contents.get(fileId);
    if (runs === undefined) throw new Error('its content was not kept while the layers were read');
    return await wholeContent({ size, content: each(runs) });
  }

  protected async *readContents(entries: readonly Entry[]): AsyncGenerator<readonly [Entry, Buffer]> {
    for (const entry of entries) {
      if (this.#contents.has(entry.fileId)) yield [entry, await this.readContent(entry)];
    }
  }
}

async function* each(runs: readonly DataRun[]): AsyncGenerator<DataRun> {
  yield* runs;
}
