import { AppError } from '../errors.js';
import type { BlockNode } from '../model/machine.js';
import { lastLines, run } from './run.js';

/** qemu-img, asked about images whose every node is named: `json:` here is text that we wrote, never a guest's. */

export interface ImageInfo {
  /** Bytes that the guest sees. */
  readonly virtualSize: number;
}

export interface ImageCheck {
  /** `unsupported`: the format has no check. */
  readonly outcome: 'clean' | 'leaks' | 'corrupt' | 'unsupported';
  readonly corruptions: number;
  readonly leaks: number;
  readonly words: string;
}

export interface QemuImgOptions {
  /** The disk as the user named it, for messages. */
  readonly disk: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

const INFO_TIMEOUT_MS = 30_000;
const CHECK_TIMEOUT_MS = 300_000;
/** qemu-img check: 0 clean, 1 not done, 2 corrupt, 3 leaks alone, 63 no check for this format. */
const CHECK_STATUS = { clean: 0, corrupt: 2, leaks: 3, unsupported: 63 } as const;

/** The argument by which QEMU's programs open a block graph. */
export function nodeArgument(node: BlockNode): string {
  return `json:${JSON.stringify(node)}`;
}

/**
 * Opens the image with its whole chain and says how many bytes it shows. This is `measure`, not `info`: the latter opens
 * the topmost image alone, and refuses a graph in which the images below are named.
 * @throws AppError `input-corrupt`, `input-unreadable` (in use), `program-missing`, `program-timeout`.
 */
export async function imageInfo(node: BlockNode, options: QemuImgOptions): Promise<ImageInfo> {
  const result = await run('qemu-img', ['measure', '--output=json', '-O', 'raw', nodeArgument(node)], {
    timeoutMs: options.timeoutMs ?? INFO_TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (result.exitCode !== 0) throw openFailure(result.stderr, options.disk);
  const answer = JSON.parse(result.stdout) as { 'fully-allocated'?: unknown };
  return { virtualSize: Number(answer['fully-allocated']) };
}

/**
 * The format's own consistency check; reads tables, not data.
 * @throws AppError `input-corrupt`, `input-unreadable`, `program-missing`, `program-timeout`.
 */
export async function checkImage(node: BlockNode, options: QemuImgOptions): Promise<ImageCheck> {
  const result = await run('qemu-img', ['check', '--output=json', nodeArgument(node)], {
    timeoutMs: options.timeoutMs ?? CHECK_TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const words = lastLines(result.stderr, 4);
  if (result.exitCode === CHECK_STATUS.unsupported) return { outcome: 'unsupported', corruptions: 0, leaks: 0, words };
  if (![CHECK_STATUS.clean, CHECK_STATUS.corrupt, CHECK_STATUS.leaks].includes(result.exitCode as 0))
    throw openFailure(result.stderr, options.disk);
  const answer = JSON.parse(result.stdout) as { corruptions?: number; leaks?: number };
  const outcome =
    result.exitCode === CHECK_STATUS.clean ? 'clean' : result.exitCode === CHECK_STATUS.leaks ? 'leaks' : 'corrupt';
  return { outcome, corruptions: answer.corruptions ?? 0, leaks: answer.leaks ?? 0, words };
}

/** What QEMU says when it cannot open an image, as an error of ours. */
export function openFailure(stderr: string, disk: string): AppError {
  const detail = lastLines(stderr, 4);
  if (/Failed to get .{0,20}lock|Is another process using/.test(stderr)) {
    return new AppError('input-unreadable', `${disk} is in use by another program, probably a running machine`, {
      where: { disk },
      todo: 'Power the machine off first: a disk that is being written to cannot be read reliably. Or take a snapshot and name that.',
      detail,
    });
  }
  if (/Permission denied/.test(stderr)) {
    return new AppError('input-unreadable', `QEMU may not read ${disk}`, {
      where: { disk },
      todo: 'Give this user read access to the disk and to every file it consists of.',
      detail,
    });
  }
  if (/Too many open files/.test(stderr)) {
    return new AppError('program-failed', `QEMU may not open as many files at a time as ${disk} has`, {
      where: { disk },
      todo: 'Raise the limit of this shell (ulimit -n 65536), and run again.',
      detail,
    });
  }
  return new AppError('input-corrupt', `QEMU cannot open ${disk}`, {
    where: { disk },
    todo: 'Its last words say why. Copy the disk again, or export the machine again where it lives.',
    detail,
  });
}
