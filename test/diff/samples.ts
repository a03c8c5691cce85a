import type { LayerMember } from '../../src/diff/apply-layer.js';
import { applyLayer, EMPTY_IMAGE } from '../../src/diff/apply-layer.js';
import { type MachineSnapshot, machineSnapshot } from '../../src/diff/machine-snapshot.js';
import type { Snapshot } from '../../src/diff/snapshot.js';
import { type MemoryNode, memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { classifyFiles, contentReader } from '../../src/inspect/files/index.js';
import type { ExtendedAttributes } from '../../src/model/entry.js';
import type { InspectedMachine } from '../../src/model/inspected.js';

export type Nodes = Readonly<Record<string, MemoryNode>>;

/** A machine in memory, read as a disk would be. */
export async function machineOf(nodes: Nodes): Promise<MachineSnapshot> {
  const fs = memoryGuest(nodes);
  const classified = await classifyFiles(fs, null, { keep: new Set(), include: [], exclude: [] });
  const reader = await contentReader(classified);
  const attributes = new Map<string, ExtendedAttributes>();
  await fs.stream(async (item) => {
    if (item.attributes.size > 0) attributes.set(item.entry.path, item.attributes);
    await reader.visit(item);
  });
  return machineSnapshot({ files: { ...reader.finish(), attributes } } as unknown as InspectedMachine);
}

/** Layers as an engine would write them, each from the nodes of a guest in memory; the names are without the first `/`. */
export async function imageOf(...layers: readonly Nodes[]): Promise<Snapshot> {
  let tree: Snapshot = EMPTY_IMAGE;
  for (const [number, nodes] of layers.entries()) tree = (await applyLayer(tree, membersOf(nodes), number)).snapshot;
  return tree;
}

export async function* membersOf(nodes: Nodes): AsyncGenerator<LayerMember> {
  const items: Omit<LayerMember, 'content'>[] = [];
  const contents = new Map<string, Buffer>();
  const fs = memoryGuest(nodes);
  const firstNames = new Map<string, string>();
  await fs.stream(async ({ entry, attributes, content }) => {
    const parts: Buffer[] = [];
    for await (const { data } of content ?? []) parts.push(data);
    contents.set(entry.path, Buffer.concat(parts));
    const first = entry.links > 1 ? firstNames.get(entry.fileId) : undefined;
    if (first === undefined) firstNames.set(entry.fileId, entry.path);
    items.push({
      ...{ mode: entry.mode, uid: entry.uid, gid: entry.gid, size: entry.size, mtime: entry.mtime },
      name: entry.path.slice(1),
      type: first === undefined ? (entry.type as LayerMember['type']) : 'hardlink',
      linkName: first?.slice(1) ?? entry.target ?? '',
      device: entry.device ?? { major: 0, minor: 0 },
      records: new Map([...attributes].map(([name, value]) => [`SCHILY.xattr.${name}`, value])),
    });
  });
  for (const item of items) {
    const data = contents.get(`/${item.name}`) ?? Buffer.alloc(0);
    yield { ...item, content: oneRun(data) };
  }
}

async function* oneRun(data: Buffer) {
  if (data.length > 0) yield { offset: 0, data };
}
