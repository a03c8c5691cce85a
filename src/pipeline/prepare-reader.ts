import { startReaderAhead } from '../guest/native/reader-thread.js';
import { isReadNatively, type Reader } from '../guest/reader-choice.js';

/** Lets what will read the disks start while the disks are not yet known. Small, so that it is there before the pipeline. */
export async function prepareReader(reader: Reader): Promise<void> {
  if (await isReadNatively(reader)) startReaderAhead();
}
