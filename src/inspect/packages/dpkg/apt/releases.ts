import type { Problem } from '../../../../model/evidence.js';
import type { GuestFs } from '../../../../model/guest-fs.js';
import { joinPath } from '../../../../model/path.js';
import { clearSignedText, fieldValue, parseDeb822 } from '../../../../syntax/deb822.js';
import { readOptionalText } from '../../../../syntax/guest-text.js';

/** What apt last fetched about its archives: one `[In]Release` an archive, its indexes beside. */

const LISTS = '/var/lib/apt/lists';
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 2000;

/** An archive as its release file describes it. */
export interface ReleaseFile {
  readonly path: string;
  readonly origin: string | null;
  readonly label: string | null;
  readonly suite: string | null;
  readonly codename: string | null;
  /** ISO 8601; null without a date that can be read. */
  readonly date: string | null;
  /** Paths of its indexes of binary packages. */
  readonly indexes: readonly string[];
}

/** Every archive that left a release file or an index, the indexes sorted to the archive whose name they begin with. */
export async function readReleases(fs: GuestFs, problems: Problem[]): Promise<ReleaseFile[]> {
  const names = fs.list(LISTS).slice(0, MAX_FILES);
  const files = releaseFiles(names);
  const indexes = new Map<string, string[]>();
  for (const name of names) {
    const match = /^(.*?)(?:_[^_]+_binary-[^_]+)?_Packages(?:\.[a-z0-9]+)?$/.exec(name);
    if (match === null) continue;
    // `…_jessie_updates` has an archive of its own beside `…_jessie`: the longest name that fits is meant.
    const fitting = [...files.keys()].filter((base) => name.startsWith(`${base}_`));
    const base = fitting.reduce(
      (longest, item) => (item.length > longest.length ? item : longest),
      fitting[0] ?? match[1]!,
    );
    indexes.set(base, [...(indexes.get(base) ?? []), joinPath(LISTS, name)]);
  }
  await fs.prefetch([...files.values()].map((name) => joinPath(LISTS, name)));
  const bases = [...new Set([...files.keys(), ...indexes.keys()])];
  const releases: ReleaseFile[] = [];
  for (const base of bases)
    releases.push(await readRelease(fs, base, files.get(base), indexes.get(base) ?? [], problems));
  return releases;
}

/** Name of the archive, as its files begin → name of its release file; an InRelease replaces the Release. */
function releaseFiles(names: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const ending of ['_Release', '_InRelease']) {
    for (const name of names) if (name.endsWith(ending)) files.set(name.slice(0, -ending.length), name);
  }
  return files;
}

async function readRelease(
  fs: GuestFs,
  base: string,
  name: string | undefined,
  indexes: readonly string[],
  problems: Problem[],
): Promise<ReleaseFile> {
  const path = joinPath(LISTS, name ?? base);
  const text = name === undefined ? '' : ((await readOptionalText(fs, path, MAX_BYTES, problems)) ?? '');
  // The lists of digests are nearly all of the file.
  const end = clearSignedText(text).search(/\n(?:MD5Sum|SHA1|SHA256|SHA512):/);
  const head = parseDeb822(end === -1 ? clearSignedText(text) : clearSignedText(text).slice(0, end))[0];
  const value = (field: string): string | null => (head === undefined ? null : (fieldValue(head, field) ?? null));
  return {
    path,
    origin: value('Origin'),
    label: value('Label'),
    suite: value('Suite'),
    codename: value('Codename'),
    date: isoDate(value('Date') ?? ''),
    indexes,
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat, 10 Feb 2024 09:58:37 UTC` (RFC 5322 in UTC) as `2024-02-10T09:58:37Z`. */
function isoDate(text: string): string | null {
  const match =
    /^(?:[A-Z][a-z]{2},\s+)?(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4})\s+(\d{1,2}):(\d\d):(\d\d)(?:\s+(?:UTC|GMT|\+0000|Z))?$/.exec(
      text.trim().slice(0, 64),
    );
  if (match === null) return null;
  const [, day, month, year, hour, minute, second] = match;
  const time = Date.UTC(
    Number(year),
    MONTHS.indexOf(month!),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (!MONTHS.includes(month!) || Number.isNaN(time)) return null;
  return new Date(time).toISOString().replace('.000Z', 'Z');
}
