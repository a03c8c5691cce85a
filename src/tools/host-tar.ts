import { spawn } from 'node:child_process';
import { AppError } from '../errors.js';
import { lastLines, missingProgram } from './run.js';

/**
 * A folder of the host as a tar archive, made by GNU tar: what Node cannot ask for – extended attributes, and where the
 * holes of a file are – it can.
 * @param names Below the folder, each begun by `./` and ended by NUL, in the order of the archive.
 * @returns the archive; what could not be read is told to `onFailures`, a line each, and left out.
 */
export async function* tarOfFolder(
  folder: string,
  names: Uint8Array,
  onFailures: (lines: readonly string[]) => void,
): AsyncGenerator<Buffer> {
  const child = spawn('tar', [...ARGUMENTS, '-C', folder, '-cf', '-', '-T', '-'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', TAR_OPTIONS: '' },
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-MAX_WORDS);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingProgram('tar') : error),
    );
  });
  ended.catch(() => {});
  child.stdin.on('error', () => {});
  child.stdin.end(names);
  try {
    for await (const part of child.stdout) yield part as Buffer;
    const code = await ended;
    if (code === 0) return;
    if (code !== 1 && code !== 2) {
      throw new AppError('program-failed', 'tar ended before the folder was read', {
        where: { path: folder },
        todo: 'Look at its last words.',
        detail: lastLines(words),
      });
    }
    onFailures(words.split('\n').filter((line) => line !== ''));
  } finally {
    child.kill('SIGKILL');
  }
}

const ARGUMENTS = [
  ...['--null', '--no-unquote', '--no-recursion', '-P', '-S', '--sparse-version=1.0', '--xattrs', '--format=posix'],
  ...['--pax-option=delete=atime,delete=ctime,delete=mtime', '--numeric-owner', '-b', '128'],
];
const MAX_WORDS = 1024 * 1024;
