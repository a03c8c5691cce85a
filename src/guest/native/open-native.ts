import { AppError } from '../../errors.js';
import type { Entry } from '../../model/entry.js';
import type { MachineSource } from '../../model/machine.js';
import type { Progress } from '../../model/progress.js';
import type { Guest, GuestOptions } from '../guest.js';
import { Tree } from '../tree.js';
import { openBridge } from './bridge.js';
import { entriesOfBatch } from './entry-batch.js';
import { nativeGuestFs } from './native-guest-fs.js';
import type { MachineDisks, Reply } from './protocol.js';
import { type ReaderThread, startReaderThread } from './reader-thread.js';

/**
 * Opens a machine without an appliance: its disks are parsed in a worker of this process.
 * @throws AppError `native-declined` when something on the disks is not understood, before anything was reported; the
 *   errors of the mount plan otherwise.
 */
export async function openNative(
  source: MachineSource,
  options: GuestOptions & { readonly progress: Progress },
): Promise<Guest> {
  if (source.disks.length === 0) {
    throw new AppError('native-declined', 'The machine has no disks', {
      todo: 'Use the other reader: --reader libguestfs',
    });
  }
  options.progress.step(source.name, 'Reading metadata', undefined, 'entries');
  const bridge = await openBridge(source, options.signal);
  const thread = startReaderThread(bridge.serve);
  const close = async (): Promise<void> => {
    await thread.close();
    await bridge.close();
  };
  const stop = (): void => void close();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    const { entries, opened } = await readMetadata(thread, source.name, options.progress, {
      disks: source.disks,
      bridged: bridge.accesses,
      ...(options.root !== undefined && { root: options.root }),
    });
    return {
      fs: nativeGuestFs(new Tree(entries), thread),
      filesystems: opened.filesystems,
      problems: opened.problems,
      reader: 'native',
      close: async () => {
        options.signal?.removeEventListener('abort', stop);
        await close();
      },
    };
  } catch (error) {
    await close();
    if (options.signal?.aborted) {
      throw new AppError('interrupted', 'Reading was stopped', { todo: 'Run the command again.', cause: error });
    }
    throw error;
  }
}

async function readMetadata(
  thread: ReaderThread,
  machine: string,
  progress: Progress,
  disks: MachineDisks,
): Promise<{ entries: Entry[]; opened: Extract<Reply, { kind: 'opened' }> }> {
  const entries: Entry[] = [];
  for (let reply = await thread.ask({ kind: 'open', machine: disks }); ; ) {
    if (reply.kind === 'opened') return { entries, opened: reply };
    if (reply.kind !== 'entries') throw new Error(`the reader answered ${reply.kind}`);
    // The next entries are read while these are put into the tree.
    const next = thread.ask({ kind: 'next' });
    next.catch(() => {});
    for (const entry of entriesOfBatch(reply.batch)) entries.push(entry);
    progress.advance(machine, entries.length);
    reply = await next;
  }
}
