import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { Archive } from '../../../model/packages.js';
import { comparePaths, joinPath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

/** The small files of apk: what was asked for, where packages come from, for which machine. */

export const APK_CONFIGURATION = '/etc/apk';
const MAX_BYTES = 4 * 1024 * 1024;

export interface World {
  /** Names, and the tag behind `@` that pins the repository; by line. */
  readonly names: ReadonlyMap<string, { readonly line: number; readonly tag: string | undefined }>;
  readonly path: string;
}

/** `/etc/apk/world`: a word for each package that was asked for, with version or tag; null without any. */
export async function readWorld(fs: GuestFs, problems: Problem[]): Promise<World | null> {
  const path = `${APK_CONFIGURATION}/world`;
  const text = (await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '';
  const names = new Map<string, { line: number; tag: string | undefined }>();
  for (const [index, line] of text.split('\n').entries()) {
    for (const word of line.split(/\s+/)) {
      const match = /^([^<>=~@!]{1,255})(?:@([^<>=~\s]{1,64}))?/.exec(word);
      if (match !== null) names.set(match[1]!, { line: index + 1, tag: match[2] });
    }
  }
  return names.size === 0 ? null : { names, path };
}

/** A repository in each line, `@tag` before it when it is used for pinned packages alone. */
export async function readApkRepositories(fs: GuestFs, problems: Problem[]): Promise<Archive[]> {
  const folder = `${APK_CONFIGURATION}/repositories.d`;
  const parts = fs.list(folder).filter((name) => name.endsWith('.list'));
  const archives: Archive[] = [];
  for (const path of [`${APK_CONFIGURATION}/repositories`, ...parts.map((name) => joinPath(folder, name))]) {
    const text = (await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '';
    for (const [index, raw] of text.split('\n').entries()) {
      const line = raw.trim();
      // Alpine comments out what it offers: a commented address is a repository that is switched off.
      const match = /^(#\s*)?(?:@(\S{1,64})\s+)?(https?:\S{1,2000}|ftp:\S{1,2000}|\/\S{1,2000})$/.exec(line);
      if (match === null || archives.length >= 10_000) continue;
      archives.push({
        uri: match[3]!,
        suite: match[2] === undefined ? null : `@${match[2]}`,
        components: [],
        signedBy: [],
        enabled: match[1] === undefined,
        evidence: { path, line: index + 1 },
      });
    }
  }
  return archives;
}

export async function readApkArchitecture(fs: GuestFs, problems: Problem[]): Promise<string | null> {
  const text = await readOptionalText(fs, `${APK_CONFIGURATION}/arch`, 256, problems);
  return /^[A-Za-z0-9_-]{1,64}$/.exec(text?.trim().split('\n', 1)[0] ?? '')?.[0] ?? null;
}

export function apkConfigurationFiles(fs: GuestFs): string[] {
  const found = [`${APK_CONFIGURATION}/repositories`, `${APK_CONFIGURATION}/arch`];
  for (const folder of ['keys', 'repositories.d', 'protected_paths.d']) {
    for (const name of fs.list(`${APK_CONFIGURATION}/${folder}`)) found.push(`${APK_CONFIGURATION}/${folder}/${name}`);
  }
  return found.filter((path) => fs.stat(path)?.type === 'file').sort(comparePaths);
}
