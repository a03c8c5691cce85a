/** What the write-ahead log adds to the database: section "The WAL File Format" of "Write-Ahead Log File Format". */
export interface WalOutcome {
  /** Newest committed content of pages. */
  readonly pages: ReadonlyMap<number, Buffer>;
  /** Pages of the database after the last commit; null when nothing in the log is committed. */
  readonly pageCount: number | null;
  readonly committedFrames: number;
  /** Why the log ends before its file does; null when it is whole. Frames of an earlier use of the file are no defect. */
  readonly defect: string | null;
}

const HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;
const MAGIC_LITTLE = 0x377f0682;
const MAGIC_BIG = 0x377f0683;

/** Frames count while their salts are the header's and the running checksum is right, up to the last commit. */
export function applyWal(log: Buffer, pageSize: number): WalOutcome {
  const nothing = (defect: string | null): WalOutcome => ({
    pages: new Map(),
    pageCount: null,
    committedFrames: 0,
    defect,
  });
  if (log.length < HEADER_SIZE) return nothing('The log is shorter than its header.');
  const magic = log.readUInt32BE(0);
  if (magic !== MAGIC_LITTLE && magic !== MAGIC_BIG) return nothing('The log does not begin like one.');
  if (log.readUInt32BE(8) !== pageSize) return nothing('The log has pages of another size than the database.');
  const words = magic === MAGIC_BIG ? readBig : readLittle;
  let sum = checksum(log, 0, 24, [0, 0], words);
  if (sum[0] !== log.readUInt32BE(24) || sum[1] !== log.readUInt32BE(28)) {
    return nothing('The checksum of the header of the log is wrong.');
  }
  const committed = new Map<number, Buffer>();
  let pending = new Map<number, Buffer>();
  let pageCount: number | null = null;
  let committedFrames = 0;
  let frames = 0;
  let defect: string | null = null;
  for (let at = HEADER_SIZE; at < log.length; at += FRAME_HEADER_SIZE + pageSize) {
    if (at + FRAME_HEADER_SIZE + pageSize > log.length) {
      defect = `The log is cut in frame ${frames + 1}.`;
      break;
    }
    // A log is used again from the front: behind its end stand frames with older salts.
    if (log.readUInt32BE(at + 8) !== log.readUInt32BE(16) || log.readUInt32BE(at + 12) !== log.readUInt32BE(20)) break;
    sum = checksum(log, at, at + 8, sum, words);
    sum = checksum(log, at + FRAME_HEADER_SIZE, at + FRAME_HEADER_SIZE + pageSize, sum, words);
    if (sum[0] !== log.readUInt32BE(at + 16) || sum[1] !== log.readUInt32BE(at + 20)) {
      defect = `The checksum of frame ${frames + 1} of the log is wrong.`;
      break;
    }
    frames += 1;
    const page = log.readUInt32BE(at);
    pending.set(page, log.subarray(at + FRAME_HEADER_SIZE, at + FRAME_HEADER_SIZE + pageSize));
    const sizeAfterCommit = log.readUInt32BE(at + 4);
    if (sizeAfterCommit === 0) continue;
    for (const [number, content] of pending) committed.set(number, content);
    pending = new Map();
    pageCount = sizeAfterCommit;
    committedFrames = frames;
  }
  return { pages: committed, pageCount, committedFrames, defect };
}

type WordReader = (log: Buffer, at: number) => number;

const readBig: WordReader = (log, at) => log.readUInt32BE(at);
const readLittle: WordReader = (log, at) => log.readUInt32LE(at);

function checksum(log: Buffer, from: number, to: number, start: readonly number[], word: WordReader): [number, number] {
  let [first, second] = start as [number, number];
  for (let at = from; at < to; at += 8) {
    first = (first + word(log, at) + second) >>> 0;
    second = (second + word(log, at + 4) + first) >>> 0;
  }
  return [first, second];
}
