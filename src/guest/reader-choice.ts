import { chooseAcceleration } from '../tools/acceleration.js';

/** `auto`: without an appliance where KVM is not known to work, and with one where it works or where that is needed. */
export type Reader = 'auto' | 'libguestfs' | 'native';

/** Whether the disks are read without an appliance, or that is tried first. */
export async function isReadNatively(reader: Reader): Promise<boolean> {
  if (reader !== 'auto') return reader === 'native';
  const { acceleration, onTrial } = await chooseAcceleration();
  return acceleration !== 'kvm' || onTrial;
}
