import type { RuntimeFolder } from '../../../model/containers.js';
import type { ImageFiles } from '../image-files.js';

/** How one daemon is kept in the foreground. A new one is one row in a table, and one case in its test. */
export interface ForegroundRow {
  /** Base names of the program, without a version at the end (`php-fpm8.2` is `php-fpm`). */
  readonly programs: readonly string[];
  /** Options that send it to the background: without a value, and with one (`-x v`, `--x v`, `--x=v`). */
  readonly drop?: readonly string[];
  readonly dropWithValue?: readonly string[];
  /** Put right after the program, or at the end. */
  readonly first?: readonly string[];
  readonly last?: readonly string[];
  /** Words in place of others. */
  readonly replace?: Readonly<Record<string, string>>;
  /** What the rest cannot say; null when this command has no foreground form. */
  readonly form?: (command: readonly string[], image: ImageFiles | null) => readonly string[] | null;
  /** Why a container cannot do what it does: the program sets something up, and the kernel does the rest. */
  readonly refused?: string;
  /** What ends it soon and cleanly, where that is not SIGTERM and its unit has another way. */
  readonly stopSignal?: string;
  /** Who runs it, when the program of the machine is a launcher that changes the user. */
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Folders below /run that its script would make. */
  readonly folders?: readonly RuntimeFolder[];
  /** Where it keeps what must outlive a container, unless its files show a data folder by themselves. */
  readonly data?: readonly string[];
  /** Also for commands that stay in the foreground already: they speak to an init system that is not there. */
  readonly always?: boolean;
}

export function folder(path: string, owner = 'root', group = owner, mode = 0o755): RuntimeFolder {
  return { path, owner, group, mode };
}

/** The command with a row's options dropped, replaced and added. */
export function applyRow(
  row: ForegroundRow,
  command: readonly string[],
  image: ImageFiles | null = null,
): readonly string[] | null {
  const given = row.form === undefined ? command : row.form(command, image);
  if (given === null) return null;
  const [program, ...words] = given;
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    if (row.drop?.includes(word)) continue;
    if (row.dropWithValue?.includes(word)) {
      index += 1;
      continue;
    }
    if (row.dropWithValue?.some((option) => option.startsWith('--') && word.startsWith(`${option}=`))) continue;
    kept.push(row.replace !== undefined && Object.hasOwn(row.replace, word) ? row.replace[word]! : word);
  }
  const missing = (added: readonly string[] = []): readonly string[] => (holds(kept, added) ? [] : added);
  return [program!, ...missing(row.first), ...kept, ...missing(row.last)];
}

/** Whether the words stand in the list, one after the other. */
function holds(words: readonly string[], wanted: readonly string[]): boolean {
  return words.some((_, start) => wanted.every((word, offset) => words[start + offset] === word));
}
