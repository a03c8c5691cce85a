import { unsupported } from '../../disk/views/faults.js';
import { type BlockView, checkRange } from '../../disk/views/view.js';

/** What the worker gets to read a disk that the main thread reads for it. */
export interface BridgeAccess {
  readonly disk: number;
  readonly size: number;
  /** One word of {@link BRIDGE_STATE}. */
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
}

export interface BridgeRequest {
  readonly kind: 'bridge';
  readonly disk: number;
  readonly offset: number;
  readonly length: number;
}

export const BRIDGE_STATE = { waiting: 0, done: 1, failed: 2 } as const;
export const BRIDGE_BYTES = 4 * 2 ** 20;
const WAIT_MS = 90_000;

/** A disk whose bytes the main thread fetches while this thread sleeps. */
export function bridgeView(access: BridgeAccess, ask: (request: BridgeRequest) => void): BlockView {
  const control = new Int32Array(access.control);
  const data = new Uint8Array(access.data);
  return {
    size: access.size,
    read(target, at, length, offset) {
      checkRange(offset, length, access.size);
      for (let done = 0; done < length; ) {
        const count = Math.min(length - done, BRIDGE_BYTES);
        Atomics.store(control, 0, BRIDGE_STATE.waiting);
        ask({ kind: 'bridge', disk: access.disk, offset: offset + done, length: count });
        Atomics.wait(control, 0, BRIDGE_STATE.waiting, WAIT_MS);
        if (Atomics.load(control, 0) !== BRIDGE_STATE.done) throw unsupported('QEMU could not read the disk');
        target.set(data.subarray(0, count), at + done);
        done += count;
      }
    },
  };
}
