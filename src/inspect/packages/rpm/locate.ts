import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import { joinPath, normalizePath } from '../../../model/path.js';
import { readOptionalText } from '../../../syntax/guest-text.js';

/** Where rpm keeps its database: its own default, the image-based systems' and SUSE's, rpm-ostree's. */
export const DATABASE_FOLDERS = ['/var/lib/rpm', '/usr/lib/sysimage/rpm', '/usr/share/rpm'] as const;

/** The file of each form, in the order rpm would look; what is inside decides, not the name. */
export const DATABASE_NAMES = ['rpmdb.sqlite', 'Packages.db', 'Packages'] as const;

/** In the order rpm reads them: later definitions win. */
export const MACRO_PLACES = ['/usr/lib/rpm/macros', '/usr/lib/rpm/macros.d', '/etc/rpm'] as const;

const MAX_MACRO_FILES = 300;
const MAX_MACRO_BYTES = 1024 * 1024;

/** Files that may be a database, best first, each real file once. @param folders Where macros say it is. */
export function databaseFiles(fs: GuestFs, folders: readonly string[] = []): string[] {
  const files = new Map<string, string>();
  for (const folder of [...folders, ...DATABASE_FOLDERS]) {
    for (const name of DATABASE_NAMES) {
      const path = joinPath(folder, name);
      const entry = fs.stat(path);
      if (entry?.type === 'file' && !files.has(entry.path)) files.set(entry.path, path);
    }
  }
  return [...files.values()];
}

/** Whether something says that rpm is set up here, though no database lies at a usual place. */
export function macroFiles(fs: GuestFs): string[] {
  return [
    '/usr/lib/rpm/macros',
    ...named(fs, '/usr/lib/rpm/macros.d', /^macros\./),
    ...named(fs, '/etc/rpm', /^macros\./),
    '/etc/rpm/macros',
  ].filter((path) => fs.stat(path)?.type === 'file');
}

/** The folders that `%_dbpath` is set to, the definition that wins first. */
export async function configuredFolders(fs: GuestFs, problems: Problem[]): Promise<string[]> {
  const folders: string[] = [];
  for (const path of macroFiles(fs).slice(0, MAX_MACRO_FILES)) {
    const text = await readOptionalText(fs, path, MAX_MACRO_BYTES, problems);
    for (const line of text?.split('\n') ?? []) {
      const match = /^%_dbpath[ \t]+(\S{1,4096})[ \t\r]*$/.exec(line);
      const folder = match === null ? undefined : expand(match[1]!);
      if (folder?.startsWith('/')) folders.unshift(normalizePath(folder));
    }
  }
  return [...new Set(folders)];
}

/** The folder macros of rpm that a path is made of. */
const FOLDER_MACROS: Readonly<Record<string, string>> = {
  _var: '/var',
  _localstatedir: '/var',
  _usr: '/usr',
  _prefix: '/usr',
  _exec_prefix: '/usr',
  _datadir: '/usr/share',
  _sysconfdir: '/etc',
  _libexecdir: '/usr/libexec',
};

/** Undefined when a macro is not one of those above. */
function expand(text: string): string | undefined {
  const expanded = text.replace(/%(?:\{([a-z_]{1,32})\}|([a-z_]{1,32}))/g, (whole, braced: string, plain: string) => {
    const name = braced ?? plain;
    return Object.hasOwn(FOLDER_MACROS, name) ? FOLDER_MACROS[name]! : whole;
  });
  return expanded.includes('%') ? undefined : expanded;
}

function named(fs: GuestFs, folder: string, names: RegExp): string[] {
  return fs
    .list(folder)
    .filter((name) => names.test(name))
    .map((name) => joinPath(folder, name));
}
