import { comparePaths, encodePath, parentPath } from '../../model/path.js';
import type { ReusedFile } from '../../model/plan.js';
import { quoteShell } from '../../syntax/shell.js';

/** Folder of the build context with the script, the block deltas and what applies them. */
export const REUSE_FOLDER = 'reuse';
const STAGE = '/.vm2docker';

/** Docker's classic builder keeps stages as images without a name: by these it knows those of its own build again. */
export const STAGE_ARGUMENT = 'VM2DOCKER_STAGE';
export const STAGE_LABEL = 'io.vm2docker.stage';

/** What a file made in the stage gets from the machine; numbers as in the file's entry. */
export interface ReusedMetadata {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970; null leaves the time of the copy. */
  readonly mtime: number | null;
}

/** A build stage on the layer below; nothing of it stays but what is copied out. */
export function reuseStage(from: string): string[] {
  const mark = [`ARG ${STAGE_ARGUMENT}=`, `LABEL ${STAGE_LABEL}=$${STAGE_ARGUMENT}`];
  return [`${from} AS reuse`, ...mark, `COPY ${REUSE_FOLDER} ${STAGE}/`, `RUN sh ${STAGE}/apply`, ''];
}

/** Before the archive, which puts the folders above the files right. */
export function reuseCopy(): string {
  return `COPY --from=reuse ${STAGE}/out/ /`;
}

/**
 * The script `apply`: makes each file below `out` from what the image holds. Names of the guest are single words in single
 * quotes; their bytes are kept. Owner before mode, since a change of owner clears setuid.
 */
export function applyScript(files: readonly (ReusedFile & { readonly metadata: ReusedMetadata })[]): Buffer {
  const folders = [...new Set(files.map(({ path }) => parentPath(path)))].sort(comparePaths);
  const lines = [
    '# Makes files of a machine from files of the image below it: copies, and block deltas of rdiff.',
    'set -eu',
    `cd ${STAGE}`,
    'umask 022',
    `patched() { ./loader --library-path ./lib ./rdiff patch "$@"; }`,
    ...folders.map((folder) => `mkdir -p ${quoteShell(`out${folder}`)}`),
    ...files.flatMap(({ path, from, patch, metadata: { mode, uid, gid, mtime } }) => {
      const target = quoteShell(`out${path}`);
      return [
        patch === null ? `cp ${quoteShell(from)} ${target}` : `patched ${quoteShell(from)} ${patch} ${target}`,
        `chown ${uid}:${gid} ${target}`,
        `chmod ${mode.toString(8).padStart(4, '0')} ${target}`,
        ...(mtime === null ? [] : [`touch -d @${mtime} ${target}`]),
      ];
    }),
  ];
  return encodePath(`${lines.join('\n')}\n`);
}
