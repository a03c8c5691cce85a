import { unsupported } from '../../disk/views/faults.js';
import { assembleLogicalVolumes, type PhysicalVolume, readPhysicalVolume } from '../../disk/views/lvm.js';
import { readPartitions } from '../../disk/views/partitions.js';
import { readSignature } from '../../disk/views/signature.js';
import type { BlockView } from '../../disk/views/view.js';
import { compareVolumes, diskDevice, type Volume } from '../volumes.js';

export interface NativeVolume extends Volume {
  readonly view: BlockView;
}

/**
 * Everything on the disks that could be a file system, partitions taken apart and logical volumes put together.
 * @throws Declined for what needs a key or a driver of the kernel: LUKS, md, bcache, LVM's other kinds.
 */
export function findVolumes(disks: readonly BlockView[]): NativeVolume[] {
  const volumes: NativeVolume[] = [];
  const physical: PhysicalVolume[] = [];
  const add = (device: string, view: BlockView, more: Partial<Volume> = {}): void => {
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
  for (const [index, disk] of disks.entries()) {
    const device = diskDevice(index);
    const partitions = readPartitions(disk);
    if (partitions === undefined) add(device, disk);
    for (const { number, view, partUuid, partLabel } of partitions ?? []) {
      add(`${device}${number}`, view, { ...(partUuid && { partUuid }), ...(partLabel && { partLabel }) });
    }
  }
  for (const { group, name, view } of assembleLogicalVolumes(physical)) add(`/dev/${group}/${name}`, view);
  return volumes.sort(compareVolumes);
}

function refuseLayers(device: string, type: string): void {
  if (type === 'crypto_LUKS') throw unsupported(`${device} is encrypted (LUKS)`);
  if (type === 'linux_raid_member') throw unsupported(`${device} is part of a RAID (md)`);
  if (type === 'bcache' || type === 'BitLocker') throw unsupported(`${device} is ${type}`);
}
