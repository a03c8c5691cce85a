import { parentPort } from 'node:worker_threads';
import { Declined } from '../../disk/views/faults.js';
import { openDiskView } from '../../disk/views/open-view.js';
import { AppError } from '../../errors.js';
import { bridgeView } from './bridge-view.js';
import { readContentInto } from './content.js';
import { contentBatches } from './content-batches.js';
import { prepareDrivers } from './drivers.js';
import { entryBatches } from './entry-batch.js';
import { findVolumes } from './machine-volumes.js';
import type { ContentBatch, EntryBatch, FileKey, MachineDisks, Reply, Request, SentError } from './protocol.js';
import { type OpenMachine, readMachine } from './read-machine.js';

/**
 * The thread that parses: a hostile disk can at worst make it slow or large, and then it is ended from outside without
 * harm to the program. Parsers are synchronous, so one request is served after the other.
 */

const port = parentPort;
if (port === null) throw new Error('the reader of disks runs as a worker');

let machine: OpenMachine | undefined;
/** What `next` goes on with. */
let entries: Generator<EntryBatch> | undefined;
let batches: Generator<ContentBatch> | undefined;
const spent: Uint8Array[] = [];

let served = Promise.resolve();
port.on('message', (request: Request) => {
  served = served.then(async () => {
    try {
      await serve(request);
    } catch (error) {
      reply({ kind: 'error', error: sentError(error) });
    }
  });
});

/** Only opening waits for something, and the next request for that. */
async function serve(request: Request): Promise<void> {
  switch (request.kind) {
    case 'open':
      await open(request.machine);
      sendEntries();
      break;
    case 'read':
      sendContents(request.keys, request.maxTotal);
      break;
    case 'stream':
      batches = contentBatches(opened().fileSystems, request.keys, request.digests, spent);
      sendBatch();
      break;
    case 'next':
      if (request.spent !== undefined) spent.push(request.spent);
      if (entries !== undefined) sendEntries();
      else sendBatch();
  }
}

async function open({ disks, bridged, root }: MachineDisks): Promise<void> {
  const views = disks.map((disk, index) => {
    const access = bridged.get(index);
    return access === undefined ? openDiskView(disk).view : bridgeView(access, (request) => port!.postMessage(request));
  });
  const volumes = findVolumes(views);
  await prepareDrivers(volumes.map(({ type }) => type));
  machine = readMachine(volumes, root);
  entries = entryBatches(machine.entries());
}

function sendEntries(): void {
  const next = entries!.next();
  if (next.done !== true) {
    reply({ kind: 'entries', batch: next.value }, [next.value.numbers.buffer]);
    return;
  }
  entries = undefined;
  const { problems } = opened();
  reply({ kind: 'opened', filesystems: opened().describe(), problems });
}

function opened(): OpenMachine {
  if (machine === undefined) throw new Error('no machine is open');
  return machine;
}

/** As many contents as fit, in one piece of memory: thousands of small ones take longer to hand over than to read. */
function sendContents(keys: readonly FileKey[], maxTotal: number): void {
  let total = 0;
  const nodes = keys.map(({ fileSystem, id }) => {
    const fs = opened().fileSystems[fileSystem]!;
    const node = fs.node(id);
    if (node.type !== 'file' || total + node.size > maxTotal) return null;
    total += node.size;
    return { fs, node };
  });
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const each of nodes) {
    if (each === null) continue;
    readContentInto(each.fs, each.node, bytes, at);
    at += each.node.size;
  }
  reply({ kind: 'contents', bytes, lengths: nodes.map((each) => each?.node.size ?? null) }, [bytes.buffer]);
}

function sendBatch(): void {
  const next = batches?.next();
  const batch = next?.done === false ? next.value : null;
  // The memory stays with whoever reads the content until then.
  if (batch === null) spent.length = 0;
  reply({ kind: 'batch', batch }, batch === null ? [] : [batch.bytes.buffer]);
}

function reply(message: Reply, transfer: readonly ArrayBufferLike[] = []): void {
  port!.postMessage(message, transfer as ArrayBuffer[]);
}

function sentError(error: unknown): SentError {
  if (error instanceof Declined) return { kind: 'declined', message: error.message };
  if (error instanceof AppError) {
    const { code, message, where, todo, detail } = error;
    return { kind: 'app', code, message, where, todo, ...(detail !== undefined && { detail }) };
  }
  return { kind: 'fault', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
