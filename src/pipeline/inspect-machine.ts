import { openGuest } from '../guest/open-guest.js';
import type { MachineSource } from '../model/machine.js';
import type { MachineReading, ReadMachine } from './machine-reading.js';

/**
 * Reads one machine from its disks and finds out all there is to know about it.
 * @throws AppError for a machine that cannot be read; nothing of the reader is left then.
 */
export async function readMachine(source: MachineSource, reading: MachineReading): Promise<ReadMachine> {
  const { request, progress, signal } = reading;
  const access = { keys: request.keys, signal, progress, ...(request.root === null ? {} : { root: request.root }) };
  const opening = openGuest(source, { ...access, reader: request.reader });
  // Half of the program: it loads while another thread, or another program, reads the disks.
  const inspectors = import('./inspect-guest.js');
  inspectors.catch(() => {});
  reading.whileReading?.();
  const guest = await opening;
  try {
    return await (await inspectors).inspectGuest(guest, source, access, reading);
  } finally {
    await guest.close();
  }
}
