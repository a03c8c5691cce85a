import { AppError } from '../../errors.js';
import type { Entry, EntryType } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import { baseName, decodePath, hasEscapes, joinPath, parentPath } from '../../model/path.js';
import type { Appliance } from '../../tools/guestfish.js';
import { withCrypttabNames } from '../crypttab.js';
import { type Mount, planMounts } from '../mount-plan.js';
import {
  candidateName,
  chooseRoot,
  type ProbedCandidate,
  ROOT_MARKS,
  type RootCandidate,
  rootCandidates,
} from '../roots.js';
import { Tree } from '../tree.js';
import { TOP_LEVEL_SUBVOLUME, type Volume } from '../volumes.js';
import { parseTrailer, runShell, throughPipe } from './pipe.js';
import { candidateFolder, lookIntoCandidates, makeCandidateFolders } from './scripts.js';

export interface MountedGuest {
  /** Number of the folder of the root, see `scripts.ts`. */
  readonly index: number;
  /** With the place in the guest's tree, links followed. */
  readonly mounts: readonly (Mount & { readonly place: string })[];
  readonly problems: readonly Problem[];
}

const MAX_TABLE_BYTES = 1024 * 1024;
const MAX_LOOK_BYTES = 64 * 1024 * 1024;

/**
 * Finds the system of the machine and mounts its file systems where it would, everything read-only. The disks are
 * overlays that can be written, so a journal that was not closed is replayed without a change to the source.
 * @param volumes Filled in on return: the subvolumes of btrfs.
 * @throws AppError as `chooseRoot` and `planMounts` do; `guest-damaged` when the root cannot be mounted.
 */
export async function mountGuest(appliance: Appliance, volumes: Volume[], wanted?: string): Promise<MountedGuest> {
  const problems: Problem[] = [];
  const folders = await mountCandidates(appliance, volumes, problems);
  const isEncrypted = volumes.some(({ openedAs }) => openedAs !== undefined);
  const { probed, trees } = await lookInside(appliance, folders, isEncrypted);
  const root = chooseOrExplain(probed, volumes, wanted, problems);
  const index = [...folders.values()].findIndex((candidate) => candidateName(candidate) === candidateName(root));
  const plan = planMounts(root, root.fstab, withCrypttabNames(volumes, root.crypttab));
  const mounts: (Mount & { place: string })[] = [];
  for (const mount of plan.mounts) {
    const place = resolvePlace(mount.mountpoint, trees.get(index)!);
    if (place !== '/') {
      const failure = await tryMount(appliance, mount, joinPath(candidateFolder(index), place.slice(1)), volumes);
      if (failure !== null) {
        problems.push(cannotMount(mount, failure));
        continue;
      }
    }
    mounts.push({ ...mount, place });
  }
  return { index, mounts, problems: [...problems.filter(({ path }) => path !== root.device), ...plan.problems] };
}

/** Mounts each candidate on a folder of its own. */
async function mountCandidates(
  appliance: Appliance,
  volumes: Volume[],
  problems: Problem[],
): Promise<Map<number, RootCandidate>> {
  const folders = new Map<number, RootCandidate>();
  const mountAll = async (candidates: readonly RootCandidate[]): Promise<void> => {
    if (candidates.length === 0) return;
    await runShell(appliance, makeCandidateFolders(folders.size + candidates.length));
    for (const candidate of candidates) {
      const failure = await tryMount(appliance, candidate, candidateFolder(folders.size), volumes);
      if (failure === null) folders.set(folders.size, candidate);
      else problems.push({ code: 'mount-failed', path: candidate.device, reason: failure.detail ?? failure.message });
    }
  };
  const isTop = ({ subvolume }: RootCandidate): boolean => subvolume === undefined || subvolume === '';
  await mountAll(rootCandidates(volumes).filter(isTop));
  for (const [index, candidate] of folders) {
    if (candidate.type === 'btrfs') await addSubvolumes(appliance, volumes, candidate.device, candidateFolder(index));
  }
  await mountAll(rootCandidates(volumes).filter((candidate) => !isTop(candidate)));
  return folders;
}

async function addSubvolumes(appliance: Appliance, volumes: Volume[], device: string, folder: string): Promise<void> {
  const list = (await appliance.call('btrfs-subvolume-list', [folder])).toString('utf8');
  const subvolumes = [...list.matchAll(/_id: (\d+)\n\s*\w+_top_level_id: \d+\n\s*\w+_path: (.*)\n/g)].map(
    ([, id, path]) => ({ id: Number(id), path: path! }),
  );
  const chosen = await appliance.call('btrfs-subvolume-get-default', [folder]);
  const at = volumes.findIndex((volume) => volume.device === device);
  volumes[at] = { ...volumes[at]!, subvolumes, defaultSubvolume: Number(chosen.toString('latin1').trim()) };
}

async function lookInside(
  appliance: Appliance,
  folders: ReadonlyMap<number, RootCandidate>,
  isEncrypted: boolean,
): Promise<{ probed: ProbedCandidate[]; trees: Map<number, Tree> }> {
  const seen = folders.size === 0 ? new Map<number, Entry[]>() : await shallowEntries(appliance);
  const probed: ProbedCandidate[] = [];
  const trees = new Map<number, Tree>();
  for (const [index, candidate] of folders) {
    const tree = new Tree(seen.get(index) ?? []);
    trees.set(index, tree);
    const marks = new Set(ROOT_MARKS.filter((mark) => tree.lstat(mark) !== undefined));
    const fstab = await readTable(appliance, tree, index, '/etc/fstab');
    const crypttab = isEncrypted ? await readTable(appliance, tree, index, '/etc/crypttab') : {};
    probed.push({ ...candidate, marks, ...fstab, ...crypttab });
  }
  return { probed, trees };
}

/** The text of a table as a field of its name; nothing when it is not there or too deep below links to be found. */
async function readTable<Name extends string>(
  appliance: Appliance,
  tree: Tree,
  index: number,
  path: `/etc/${Name}`,
): Promise<{ readonly [name in Name]?: string }> {
  const entry = tree.stat(path);
  if (entry?.type !== 'file' || hasEscapes(entry.path)) return {};
  // Below a link the call would follow it from the wrong root; Tree has resolved the links already.
  const place = `${candidateFolder(index)}${entry.path}`;
  const text = await appliance.call('download', [place, '-'], { maxBytes: MAX_TABLE_BYTES });
  return { [baseName(path)]: decodePath(text) } as { [name in Name]: string };
}

/** What lies at most two levels deep in each candidate, types and link targets only. */
async function shallowEntries(appliance: Appliance): Promise<Map<number, Entry[]>> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of throughPipe(appliance, lookIntoCandidates())) {
    size += part.length;
    if (size > MAX_LOOK_BYTES) {
      throw new AppError('guest-damaged', 'The top folders of the machine hold millions of files', {
        todo: 'Check its file systems, or name another with --root.',
      });
    }
    parts.push(part);
  }
  const fields = Buffer.concat(parts).toString('utf8').split('\0');
  const found = new Map<number, Entry[]>();
  for (let at = 0; at + 1 < fields.length - 1; at += 2) {
    const match = /^(.)_root(\d+)(\/.*)?$/s.exec(fields[at]!);
    if (match === null) continue;
    const index = Number(match[2]);
    const entries = found.get(index) ?? [];
    found.set(index, entries);
    entries.push(bareEntry(match[3] ?? '/', match[1]!, fields[at + 1]!));
  }
  parseTrailer(Buffer.from(fields.at(-1)!));
  return found;
}

function bareEntry(path: string, letter: string, target: string): Entry {
  const type: EntryType =
    letter === 'd' ? 'directory' : letter === 'l' ? 'symlink' : letter === 'f' ? 'file' : 'socket';
  return {
    path,
    type,
    ...{ mode: 0, uid: 0, gid: 0, size: 0, allocated: 0, mtime: 0, mtimeNanoseconds: 0, links: 1, fileId: path },
    ...(type === 'symlink' ? { target } : {}),
  };
}

function chooseOrExplain(
  probed: readonly ProbedCandidate[],
  volumes: readonly Volume[],
  wanted: string | undefined,
  failures: readonly Problem[],
): ProbedCandidate {
  try {
    return chooseRoot(probed, volumes, wanted);
  } catch (error) {
    const failure = failures[0];
    if (!(error instanceof AppError) || error.code !== 'guest-no-system' || failure === undefined) throw error;
    throw new AppError('guest-damaged', `The file system on ${failure.path} cannot be mounted`, {
      where: { device: failure.path },
      todo: 'Start the machine once, or check a copy of the disk with fsck, and try again.',
      detail: failure.reason,
      cause: error,
    });
  }
}

/** The place of a mount point after the guest's links; what lies deeper than was looked is taken as written. */
function resolvePlace(mountpoint: string, tree: Tree): string {
  if (mountpoint === '/') return '/';
  const known = tree.stat(mountpoint);
  return known?.path ?? joinPath(resolvePlace(parentPath(mountpoint), tree), baseName(mountpoint));
}

async function tryMount(
  appliance: Appliance,
  { device, type, subvolume }: RootCandidate,
  folder: string,
  volumes: readonly Volume[],
): Promise<AppError | null> {
  const options = ['ro'];
  const volume = volumes.find((each) => each.device === device);
  // Clones of one machine, and snapshots, share the UUID; two such file systems mount side by side.
  if (type === 'xfs') options.push('nouuid');
  if (type === 'btrfs') {
    const known = volume?.subvolumes;
    const id = subvolume === '' ? TOP_LEVEL_SUBVOLUME : known?.find(({ path }) => path === subvolume)?.id;
    options.push(`subvolid=${id ?? TOP_LEVEL_SUBVOLUME}`);
  }
  if (hasEscapes(folder) || hasEscapes(device)) {
    return new AppError('guest-unsupported-filesystem', 'A name that is not UTF-8', { todo: 'Rename it.' });
  }
  try {
    // libguestfs puts disks in order itself; arrays have the names that its kernel gave them.
    const name = device.startsWith('/dev/md') ? (volume?.kernelName ?? device) : device;
    await appliance.call('mount-options', [options.join(','), name, folder]);
    return null;
  } catch (error) {
    if (error instanceof AppError && isAboutTheDisk(error)) return error;
    throw error;
  }
}

function isAboutTheDisk({ code }: AppError): boolean {
  return code.startsWith('guest-') || code === 'appliance-failed';
}

/** What a machine cannot be without is an error, anything else a problem of the report. */
function cannotMount({ device, mountpoint }: Mount, failure: AppError): Problem {
  if (/^\/(usr|var|etc|opt)(\/lib|\/share)?$/.test(mountpoint)) {
    throw new AppError('guest-damaged', `The file system of ${mountpoint} on ${device} cannot be mounted`, {
      where: { device, path: mountpoint },
      todo: failure.todo,
      ...(failure.detail === undefined ? {} : { detail: failure.detail }),
      cause: failure,
    });
  }
  return { code: 'mount-failed', path: mountpoint, reason: failure.detail ?? failure.message };
}
