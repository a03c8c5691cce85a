import { damaged, unsupported } from '../../../disk/views/faults.js';
import { type LiveRecord, OPERATION } from './log.js';

export const ITEM = { inode: 0x123b, buffer: 0x123c, inodeCreate: 0x123f } as const;
/** Items that a reader need not replay: quotas, lists of unlinked inodes, and intents about free space and sharing. */
const IGNORED = new Set([0x1236, 0x1237, 0x1238, 0x123d, 0x123e, 0x1240, 0x1241, 0x1242, 0x1243]);
/** Intents that change what files are (maps, attributes, exchanged contents), and what marks each as done. */
const INTENTS = new Map([
  [0x1244, 0x1245],
  [0x1246, 0x1247],
  [0x1248, 0x1249],
]);
const TRANSACTION_MAGIC = 0x5452414e;

export interface Transaction {
  readonly lsn: bigint;
  readonly items: readonly Item[];
}

export interface Item {
  readonly type: number;
  /** The first describes the others. */
  readonly regions: readonly Buffer[];
}

/**
 * The committed transactions of the records, in the order of their commits.
 * @throws Declined when the kernel would finish an intent that changes files.
 */
export function readTransactions(records: readonly LiveRecord[]): Transaction[] {
  const open = new Map<number, LoggedTransaction>();
  const committed: LoggedTransaction[] = [];
  for (const { lsn, operations, data } of records) {
    let at = 0;
    for (let index = 0; index < operations && at + 12 <= data.length; index += 1) {
      const id = data.readUInt32BE(at);
      const length = data.readUInt32BE(at + 4);
      const flags = data[at + 9]!;
      at += 12;
      if (at + length > data.length) throw damaged('XFS log operation leaves its record');
      const body = data.subarray(at, at + length);
      at += length;
      if ((flags & OPERATION.unmount) !== 0) continue;
      if ((flags & OPERATION.start) !== 0) open.set(id, { lsn, regions: [] });
      const transaction = open.get(id);
      // Begun before the tail: what it changed is on the disk already.
      if (transaction === undefined) continue;
      if ((flags & OPERATION.commit) !== 0) {
        committed.push(transaction);
        open.delete(id);
      } else if ((flags & OPERATION.wasContinued) !== 0 && transaction.regions.length > 0) {
        transaction.regions.at(-1)!.push(body);
      } else if (length > 0) transaction.regions.push([body]);
    }
  }
  const transactions = committed.map(({ lsn, regions }) => ({ lsn, items: readItems(regions.map(joined)) }));
  refuseOpenIntents(transactions);
  return transactions;
}

interface LoggedTransaction {
  readonly lsn: bigint;
  /** Each in the pieces that records have cut it into. */
  readonly regions: Buffer[][];
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
}

function readItems(regions: readonly Buffer[]): Item[] {
  const items: Item[] = [];
  const first = regions[0];
  const hasHeader = first !== undefined && first.length >= 16 && first.readUInt32LE(0) === TRANSACTION_MAGIC;
  for (let index = hasHeader ? 1 : 0; index < regions.length; ) {
    const region = regions[index]!;
    if (region.length < 4) throw damaged('XFS log item');
    const type = region.readUInt16LE(0);
    const count = region.readUInt16LE(2);
    const isKnown = Object.values<number>(ITEM).includes(type) || IGNORED.has(type);
    const isIntent = INTENTS.has(type) || [...INTENTS.values()].includes(type);
    if (!isKnown && !isIntent) throw unsupported(`XFS log item 0x${type.toString(16)}`);
    if (count < 1 || index + count > regions.length) throw damaged('XFS log item: regions');
    items.push({ type, regions: regions.slice(index, index + count) });
    index += count;
  }
  return items;
}

function refuseOpenIntents(transactions: readonly Transaction[]): void {
  const open = new Set<string>();
  for (const { items } of transactions) {
    for (const { type, regions } of items) {
      const id = regions[0]!.length >= 16 ? regions[0]!.readBigUInt64LE(8) : 0n;
      if (INTENTS.has(type)) open.add(`${INTENTS.get(type)}/${id}`);
      else open.delete(`${type}/${id}`);
    }
  }
  if (open.size > 0) throw unsupported('XFS log with work that the kernel would finish');
}
