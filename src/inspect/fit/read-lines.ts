import type { GuestFs } from '../../model/guest-fs.js';
import { joinPath } from '../../model/path.js';
import { readOptionalText } from '../../syntax/guest-text.js';

const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 200;

export interface GuestLine {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** The lines of a file that say something: no blank ones, no comments. Nothing when the file cannot be read. */
export async function readLines(fs: GuestFs, path: string, comment = /^[#;]/): Promise<GuestLine[]> {
  if (fs.stat(path)?.type !== 'file') return [];
  const text = (await readOptionalText(fs, path, MAX_BYTES, [])) ?? '';
  return text
    .split('\n')
    .map((raw, index) => ({ path, line: index + 1, text: raw.slice(0, 4096).trim() }))
    .filter((each) => each.text !== '' && !comment.test(each.text));
}

/** The same of every file in a folder whose name ends so. */
export async function readFolderLines(fs: GuestFs, folder: string, ending: string): Promise<GuestLine[]> {
  const lines: GuestLine[] = [];
  for (const name of fs
    .list(folder)
    .filter((each) => each.endsWith(ending))
    .slice(0, MAX_FILES)) {
    lines.push(...(await readLines(fs, joinPath(folder, name))));
  }
  return lines;
}

export function evidenceOf({ path, line }: GuestLine): { path: string; line: number } {
  return { path, line };
}
