import { AppError } from '../errors.js';
import type { Problem } from '../model/evidence.js';
import type { GuestFs, OpenGuestFile } from '../model/guest-fs.js';
import { decodePath, displayPath } from '../model/path.js';

/**
 * Content of a file that may be absent. What hinders reading becomes a problem (`not-a-file`, `file-too-large`,
 * `file-unreadable`); both cases give undefined.
 */
export async function readOptional(
  fs: GuestFs,
  path: string,
  maxBytes: number,
  problems: Problem[],
): Promise<Buffer | undefined> {
  return await unlessHindered(fs, path, problems, () => fs.readFile(path, { maxBytes }));
}

/** As {@link readOptional}, for a file that may be large and is read here and there; the caller closes it. */
export async function openOptional(
  fs: GuestFs,
  path: string,
  maxBytes: number,
  problems: Problem[],
): Promise<OpenGuestFile | undefined> {
  return await unlessHindered(fs, path, problems, () => fs.openFile(path, { maxBytes }));
}

async function unlessHindered<Result>(
  fs: GuestFs,
  path: string,
  problems: Problem[],
  read: () => Promise<Result>,
): Promise<Result | undefined> {
  const entry = fs.stat(path);
  if (entry === undefined) return undefined;
  const shown = displayPath(path);
  if (entry.type !== 'file') {
    problems.push({ code: 'not-a-file', path: shown, reason: `A ${entry.type} stands where a file is expected.` });
    return undefined;
  }
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'interrupted' || error.fault === 'bug') throw error;
    const code = error.code === 'guest-file-too-large' ? 'file-too-large' : 'file-unreadable';
    problems.push({ code, path: shown, reason: error.message });
    return undefined;
  }
}

/** As {@link readOptional}, decoded so that paths in the text are exact (`model/path.ts`). */
export async function readOptionalText(
  fs: GuestFs,
  path: string,
  maxBytes: number,
  problems: Problem[],
): Promise<string | undefined> {
  const content = await readOptional(fs, path, maxBytes, problems);
  return content === undefined ? undefined : decodePath(content);
}
