import { createHash } from 'node:crypto';
import { encodePath } from '../../model/path.js';

/** What the deleting itself needs, as far as it is a file by that name: it goes last. */
const NEEDED =
  /^(?:\/usr)?\/(?:bin\/(?:sh|dash|bash|busybox|rm|xargs|coreutils)|lib(?:32|64|x32)?\/.*(?:ld-[^/]*|libc\.[^/]*|libc-[^/]*|libtinfo\.[^/]*))$|^(?:\/usr)?\/usr\/bin\/xargs$/;

/**
 * Where the list lies while it is worked off. Its digest is in the name, so that nothing below lies there: an image that
 * has such a path to be deleted has another list, and so another name.
 */
export function deletionsPlace(paths: readonly string[]): string {
  return `/.vm2docker-deletions-${createHash('sha256').update(deletionList(paths)).digest('hex').slice(0, 16)}`;
}

/**
 * Deletes what the list names. Files that an engine lays over the image's own (/etc/resolv.conf) cannot be, and that is
 * no failure. Small machines have no xargs; without a program that reads the list, the build fails, since nothing that
 * the layers below hold too much would go.
 * @param place Absolute path of the list; a word of the shell as it is.
 */
export function deletionCommands(place: string): string[] {
  const loop = `while IFS= read -r -d "" path; do rm -rf -- "$path" || :; done`;
  return [
    [
      `if command -v xargs >/dev/null; then xargs -0 rm -rf -- <${place} || :`,
      `elif command -v bash >/dev/null; then bash -c '${loop}' <${place}`,
      `else echo 'files cannot be deleted: the layers below have neither xargs nor bash' >&2; exit 1; fi`,
    ].join('; \\\n    '),
    `rm -f ${place}`,
  ];
}

/** The file `deletions`: paths with a NUL after each, for `xargs -0`. */
export function deletionList(paths: readonly string[]): Buffer {
  const late = paths.filter((path) => NEEDED.test(path));
  const early = paths.filter((path) => !NEEDED.test(path));
  return Buffer.concat([...early, ...late].flatMap((path) => [encodePath(path), Buffer.from([0])]));
}
