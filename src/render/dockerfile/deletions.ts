import { encodePath } from '../../model/path.js';

/** What the deleting itself needs, as far as it is a file by that name: it goes last. */
const NEEDED =
  /^(?:\/usr)?\/(?:bin\/(?:sh|dash|bash|busybox|rm|xargs|coreutils)|lib(?:32|64|x32)?\/.*(?:ld-[^/]*|libc\.[^/]*|libc-[^/]*|libtinfo\.[^/]*))$|^(?:\/usr)?\/usr\/bin\/xargs$/;

/** The file `deletions`: paths with a NUL after each, for `xargs -0`. */
export function deletionList(paths: readonly string[]): Buffer {
  const late = paths.filter((path) => NEEDED.test(path));
  const early = paths.filter((path) => !NEEDED.test(path));
  return Buffer.concat([...early, ...late].flatMap((path) => [encodePath(path), Buffer.from([0])]));
}
