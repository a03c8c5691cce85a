import { unsupported } from '../../disk/views/faults.js';
import { assembleLogicalVolumes, type PhysicalVolume, readPhysicalVolume } from '../../disk/views/lvm.js';
import { assembleArrays } from '../../disk/views/md.js';
import { type RaidMember, readRaidMember } from '../../disk/views/md-super-block.js';
import { readPartitions } from '../../disk/views/partitions.js';
import { readSignature } from '../../disk/views/signature.js';
import type { BlockView } from '../../disk/views/view.js';
import { arrayNames, compareVolumes, diskDevice, type Volume } from '../volumes.js';

export interface NativeVolume extends Volume {
  readonly view: BlockView;
}

/**
 * Everything on the disks that could be a file system: partitions taken apart, mirrors, concatenations and logical
 * volumes put together.
 * @throws Declined for what needs a key or a driver of the kernel: LUKS, bcache, other kinds of RAID and LVM.
 */
export function findVolumes(disks: readonly BlockView[]): NativeVolume[] {
  const volumes: NativeVolume[] = [];
  const physical: PhysicalVolume[] = [];
  const members: RaidMember[] = [];
  /** What lies in a member whose superblock is at the end shows through, so that is looked for first. */
  const addMember = (device: string, view: BlockView, more: Partial<Volume>): boolean => {
    const member = readRaidMember(view);
    if (member === undefined) return false;
    members.push(member);
    const label = member.name;
    const type = 'linux_raid_member';
    volumes.push({ device, type, size: view.size, view, uuid: member.arrayUuid, ...(label && { label }), ...more });
    return true;
  };
  const add = (device: string, view: BlockView, more: Partial<Volume> = {}): void => {
    if (addMember(device, view, more)) return;
    const member = readPhysicalVolume(view);
    if (member !== undefined) {
      physical.push(member);
      volumes.push({ device, type: 'LVM2_member', size: view.size, view, ...more });
      return;
    }
    const signature = readSignature(view);
    refuseLayers(device, signature.type);
    volumes.push({ device, size: view.size, view, ...signature, ...more });
  };
  const addDisk = (device: string, view: BlockView, more: Partial<Volume> = {}): void => {
    const partitions = readPartitions(view);
    // The last partition may end where the disk does: then the superblock at the end is the partition's.
    const isMember = partitions?.every((partition) => readRaidMember(partition.view) === undefined) === true;
    if (isMember && addMember(device, view, more)) return;
    if (partitions === undefined) add(device, view, more);
    const separator = /\d$/.test(device) ? 'p' : '';
    for (const { number, view: part, partUuid, partLabel } of partitions ?? []) {
      const names = { ...(partUuid && { partUuid }), ...(partLabel && { partLabel }) };
      add(`${device}${separator}${number}`, part, names);
    }
  };
  for (const [index, disk] of disks.entries()) addDisk(diskDevice(index), disk);
  const arrays = assembleArrays(members);
  for (const [index, { device, aliases }] of arrayNames(arrays).entries())
    addDisk(device, arrays[index]!.view, { aliases });
  for (const { group, name, view } of assembleLogicalVolumes(physical)) add(`/dev/${group}/${name}`, view);
  return volumes.sort(compareVolumes);
}

function refuseLayers(device: string, type: string): void {
  if (type === 'crypto_LUKS') throw unsupported(`${device} is encrypted (LUKS)`);
  if (type === 'linux_raid_member') throw unsupported(`${device} is part of a RAID (md)`);
  if (type === 'bcache' || type === 'BitLocker') throw unsupported(`${device} is ${type}`);
}
