import type { Archive, PackageDatabase } from '../../model/packages.js';
import type { BuildKey } from '../../model/plan.js';

/** A command of a build is one argument, of at most 128 KiB. */
const MAX_BYTES = 40 * 1024;

/** The keys that a build needs for these archives, beside those that the base has; by the names of their files. */
export function keysFor(database: PackageDatabase, archives: readonly Archive[]): BuildKey[] {
  const keys: BuildKey[] = [];
  let total = 0;
  const add = (key: BuildKey): void => {
    if (total + key.content.length > MAX_BYTES || keys.some(({ file }) => file === key.file)) return;
    total += key.content.length;
    keys.push(key);
  };
  for (const archive of archives) {
    if (archive.key !== undefined)
      add({ file: keyFile(database, archive)!, content: Buffer.from(archive.key), isTrusted: false });
    for (const path of archive.signedBy) {
      const content = database.keyrings?.get(path);
      if (content !== undefined) add({ file: ringFile(database, path), content, isTrusted: false });
    }
  }
  const needsTrusted = archives.some(({ signedBy, key }) => signedBy.length === 0 && key === undefined);
  for (const [path, content] of database.keyrings ?? []) {
    if (needsTrusted && path.startsWith('/etc/apt/trusted.gpg')) {
      add({ file: ringFile(database, path), content, isTrusted: true });
    }
  }
  return keys;
}

/** The options of a source line (sources.list(5)) that its signature needs: none when the base's own keys do. */
export function signatureOptions(database: PackageDatabase, archive: Archive | null): string[] {
  if (archive === null) return [];
  const files = archive.signedBy.filter((path) => database.keyrings?.has(path) === true);
  const own = archive.key === undefined ? [] : [keyFile(database, archive)!];
  const names = [...own, ...files.map((path) => ringFile(database, path))];
  return [
    ...(archive.trusted === true ? ['trusted=yes'] : []),
    ...(names.length === 0 ? [] : [`signed-by=${names.map((name) => `${KEY_FOLDER}/${name}`).join(',')}`]),
  ];
}

/** Where the commands of a build put keys. */
export const KEY_FOLDER = '/tmp';

function ringFile(database: PackageDatabase, path: string): string {
  const number = [...(database.keyrings ?? new Map()).keys()].indexOf(path);
  return `vm2docker-ring-${number}${path.endsWith('.asc') ? '.asc' : '.gpg'}`;
}

function keyFile(database: PackageDatabase, archive: Archive): string | null {
  const keys = [...new Set(database.archives.flatMap(({ key }) => (key === undefined ? [] : [key])))];
  return archive.key === undefined ? null : `vm2docker-key-${keys.indexOf(archive.key)}.asc`;
}
