import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { unsupported } from './faults.js';
import { type BlockView, checkRange } from './view.js';

export interface RawFile extends BlockView {
  close(): void;
}

/** A regular file of the host; its path is a real path that was checked before, so a link there is a swap. */
export function openRawFile(path: string): RawFile {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const facts = fstatSync(descriptor);
  if (!facts.isFile()) {
    closeSync(descriptor);
    throw unsupported(`${path} is no regular file`);
  }
  return {
    size: facts.size,
    read(target, at, length, offset) {
      checkRange(offset, length, facts.size);
      for (let done = 0; done < length; ) {
        const count = readSync(descriptor, target, at + done, length - done, offset + done);
        if (count === 0) throw unsupported(`${path} became shorter while it was read`);
        done += count;
      }
    },
    close: () => closeSync(descriptor),
  };
}
