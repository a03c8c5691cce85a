import type { FileRecord } from '../../model/files.js';
import { comparePaths, hasEscapes, parentPath } from '../../model/path.js';
import type { MachineFiles } from '../files.js';

/** Keys that package scripts make on every machine (openssh-server, ssl-cert, MariaDB, BIND). */
const MADE_BY_SCRIPTS = [
  ...['rsa', 'dsa', 'ecdsa', 'ed25519'].map((kind) => `/etc/ssh/ssh_host_${kind}_key`),
  '/etc/ssl/private/ssl-cert-snakeoil.key',
  '/etc/mysql/debian.cnf',
  '/etc/bind/rndc.key',
];

/** Files of accounts belong to every base: what is secret in them are the machine's lines, not the base's. */
const OF_THE_BASE = /^\/etc\/(?:shadow|gshadow|passwd|group|subuid|subgid)[-~]?$/;
const MAX_PATHS = 500;

/**
 * What an installation makes and the user wants in no image: paths that `--exclude` and `--exclude-secrets` leave out and
 * no package lists, the topmost alone. They are removed by the command that installs, or its layer would hold them.
 */
export function trimmedPaths(machines: readonly MachineFiles[]): string[] {
  const paths = new Set<string>();
  let leavesSecretsOut = false;
  for (const files of machines) {
    const left = leftOutOf(files);
    leavesSecretsOut ||= left.hasSecrets;
    for (const path of left.paths) if (paths.size < MAX_PATHS) paths.add(path);
  }
  if (leavesSecretsOut) for (const path of MADE_BY_SCRIPTS) paths.add(path);
  return [...paths].sort(comparePaths);
}

interface LeftOut {
  /** At most `MAX_PATHS`, in the order of the records. */
  readonly paths: readonly string[];
  readonly hasSecrets: boolean;
}

/** Every install layer of a machine asks for the same, and there are many where machines are. */
const leftOutOnce = new WeakMap<MachineFiles, LeftOut>();

function leftOutOf(files: MachineFiles): LeftOut {
  const known = leftOutOnce.get(files) ?? findLeftOut(files);
  leftOutOnce.set(files, known);
  return known;
}

function findLeftOut({ machine }: MachineFiles): LeftOut {
  const { records } = machine.files;
  const paths: string[] = [];
  let hasSecrets = false;
  for (const [path, record] of records) {
    if (record.excluded?.class === 'secret') hasSecrets = true;
    if (!isLeftOutByUser(record) || isLeftOutByUser(records.get(parentPath(path)))) continue;
    if (OF_THE_BASE.test(path) || hasEscapes(path) || /[\0-\x1f\x7f]/.test(path)) continue;
    if (record.owners.length === 0 && paths.length < MAX_PATHS) paths.push(path);
  }
  return { paths, hasSecrets };
}

function isLeftOutByUser(record: FileRecord | undefined): boolean {
  return record?.excluded?.class === 'user' || record?.excluded?.class === 'secret';
}
