import { damaged, unsupported } from './faults.js';
import { RAID_LEVEL, type RaidMember } from './md-super-block.js';
import { type BlockView, mappedView, type Piece, sliceView } from './view.js';

/** An md array put together: a concatenation, or one of several mirrors. */
export interface RaidArray {
  /** In the superblock: without the host that made it. */
  readonly name?: string;
  readonly minor?: number;
  readonly view: BlockView;
}

const MAX_DISKS = 1920;
const LEVELS = new Map([
  [0, 'raid0'],
  [4, 'raid4'],
  [5, 'raid5'],
  [6, 'raid6'],
  [10, 'raid10'],
  [-4, 'multipath'],
]);

/**
 * The arrays that the members belong to, in the order of their first members.
 * @throws Declined when an array is not whole, was being written, or is of a level that is no plain copy.
 */
export function assembleArrays(members: readonly RaidMember[]): RaidArray[] {
  const groups = new Map<string, RaidMember[]>();
  for (const member of members) {
    const group = groups.get(member.arrayUuid);
    if (group === undefined) groups.set(member.arrayUuid, [member]);
    else group.push(member);
  }
  return [...groups.values()].map(assembleArray);
}

function assembleArray(group: readonly RaidMember[]): RaidArray {
  const [first] = group as [RaidMember];
  const { level, raidDisks } = first;
  const called = ownName(first.name ?? '') || (first.minor === undefined ? '' : `md${first.minor}`);
  const what = `RAID (md) ${called}`.trimEnd();
  if (level !== RAID_LEVEL.linear && level !== RAID_LEVEL.mirror)
    throw unsupported(`${what} of level ${LEVELS.get(level) ?? level}`);
  if (raidDisks < 1 || raidDisks > MAX_DISKS) throw damaged(`${what} of ${raidDisks} disks`);
  // A member that is older than the others was dropped by the kernel; which bytes are the machine's is its to say.
  if (group.some(({ events }) => events !== first.events)) throw unsupported(`${what} whose disks differ in age`);
  if (group.some((member) => member.level !== level || member.raidDisks !== raidDisks))
    throw damaged(`${what}: its disks contradict each other`);
  const disks = byRole(group, what);
  for (let role = 0; role < raidDisks; role += 1) {
    const isExpected = level === RAID_LEVEL.linear || first.activeRoles.has(role);
    if (isExpected && !disks.has(role)) throw unsupported(`${what} lacks a disk`);
  }
  const sorted = [...disks].sort(([a], [b]) => a - b).map(([, member]) => member);
  return {
    ...(first.name !== undefined && { name: ownName(first.name) }),
    ...(first.minor !== undefined && { minor: first.minor }),
    view: level === RAID_LEVEL.linear ? concatenated(sorted, what) : mirror(sorted, what),
  };
}

function ownName(stored: string): string {
  return stored.replace(/^[^:]*:/, '');
}

/** The disks that hold data; spares have no role. */
function byRole(group: readonly RaidMember[], what: string): Map<number, RaidMember> {
  const disks = new Map<number, RaidMember>();
  for (const member of group) {
    if (member.role === undefined) continue;
    if (disks.has(member.role) || member.role >= member.raidDisks) throw damaged(`${what}: two disks in one place`);
    disks.set(member.role, member);
  }
  return disks;
}

function concatenated(disks: readonly RaidMember[], what: string): BlockView {
  const pieces = disks.map((disk): Piece => {
    const { view, dataOffset, dataSize, chunkSize } = disk;
    if (dataOffset + dataSize > view.size) throw damaged(`${what} reaches beyond the end of a disk`);
    const length = chunkSize === 0 ? dataSize : Math.floor(dataSize / chunkSize) * chunkSize;
    return { view, offset: dataOffset, length };
  });
  return mappedView(pieces);
}

/** Any of them will do: the first. */
function mirror(disks: readonly RaidMember[], what: string): BlockView {
  const [first] = disks;
  if (first === undefined) throw unsupported(`${what} lacks a disk`);
  if (disks.some(({ isClean }) => !isClean)) throw unsupported(`${what}: its mirrors may differ, it was not stopped`);
  const { view, dataOffset, dataSize, componentSize } = first;
  if (componentSize > dataSize || dataOffset + componentSize > view.size)
    throw damaged(`${what} reaches beyond the end of a disk`);
  return sliceView(view, dataOffset, componentSize);
}
