import { basename } from 'node:path';

const KNOWN_ENDINGS = /\.(?:vmdk|qcow2?|img|raw|dd|vhdx?|vdi|ova|ovf|vmx|xml|tar|tar\.gz|tgz|tar\.xz)$/i;
const MAX_SLUG = 100;

/** Splits `NAME=REST`; the name may hold no slash and no `=`. */
export function splitName(argument: string): { name: string; rest: string } | null {
  const equals = argument.indexOf('=');
  if (equals < 1 || equals === argument.length - 1) return null;
  const name = argument.slice(0, equals);
  return name.includes('/') ? null : { name, rest: argument.slice(equals + 1) };
}

/** The name of a machine after the first thing that holds it: its base name without an ending that we know. */
export function nameOfPath(path: string): string {
  const base = basename(path);
  const name = base.replace(KNOWN_ENDINGS, '');
  return name === '' ? base || 'vm' : name;
}

/** The form of a name for image tags, folders and Compose: `[a-z0-9._-]`, begins and ends with a letter or digit. */
export function slugOf(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9._-]/g, '-');
  // A registry takes one dot, one or two underscores or any number of hyphens between two letters.
  const slug = plain
    .replace(/[._-]{2,}/g, (run) => (/^(?:__|-+)$/.test(run) ? run : '-'))
    .slice(0, MAX_SLUG)
    .replace(/^[._-]+|[._-]+$/g, '');
  return slug === '' ? 'vm' : slug;
}

/** The name itself, or with `-2`, `-3`, … behind it when it is taken. */
export function unique(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let number = 2;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}

/**
 * Splits `a+b` into paths. A `+` may be part of a name, so the longest piece that exists is taken each time; a piece
 * that does not exist ends at the next `+`.
 */
export async function splitDisks(text: string, exists: (path: string) => Promise<boolean>): Promise<string[]> {
  const pieces = text.split('+').slice(0, 257);
  const paths: string[] = [];
  for (let start = 0; start < pieces.length; ) {
    let end = pieces.length;
    while (end > start + 1 && !(await exists(pieces.slice(start, end).join('+')))) end -= 1;
    paths.push(pieces.slice(start, end).join('+'));
    start = end;
  }
  return paths;
}
