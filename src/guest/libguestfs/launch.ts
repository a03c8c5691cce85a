import { AppError } from '../../errors.js';
import type { MachineSource } from '../../model/machine.js';
import type { Progress } from '../../model/progress.js';
import { type Acceleration, chooseAcceleration, rememberKvm } from '../../tools/acceleration.js';
import type { Guard } from '../../tools/guard.js';
import { type Appliance, startAppliance } from '../../tools/guestfish.js';
import type { GuestOptions } from '../guest.js';
import { serveDisks } from './serve-disks.js';

/** KVM starts in three seconds; one that takes longer than this hangs. */
const KVM_TRIAL_MS = 20_000;
const KVM_TIMEOUT_MS = 60_000;
/** Emulated, it takes ten seconds on an idle host. */
const EMULATION_TIMEOUT_MS = 180_000;

/** The appliance with the disks of the machine, on KVM where that works. What it starts is added to `closers`. */
export async function launchAppliance(
  guard: Guard,
  closers: (() => Promise<void>)[],
  source: MachineSource,
  { signal, progress }: GuestOptions & { readonly progress: Progress },
): Promise<Appliance> {
  const disks = await serveDisks(source, guard, closers, signal);
  const start = async (acceleration: Acceleration, launchTimeoutMs: number): Promise<Appliance> => {
    const appliance = await startAppliance({
      disks,
      acceleration,
      launchTimeoutMs,
      guard,
      ...(signal === undefined ? {} : { signal }),
    });
    closers.push(() => appliance.close());
    return appliance;
  };
  const { acceleration, onTrial } = await chooseAcceleration();
  if (acceleration === 'emulation') return await start('emulation', EMULATION_TIMEOUT_MS);
  try {
    const appliance = await start('kvm', onTrial ? KVM_TRIAL_MS : KVM_TIMEOUT_MS);
    if (onTrial) await rememberKvm(true);
    return appliance;
  } catch (error) {
    if (!(error instanceof AppError) || (error.code !== 'appliance-failed' && error.code !== 'appliance-timeout'))
      throw error;
    progress.note('KVM does not work on this host, so the appliance is emulated: slower, with the same result.');
    const appliance = await start('emulation', EMULATION_TIMEOUT_MS);
    // Only now is it KVM that was at fault, rather than the disk or the host.
    await rememberKvm(false);
    return appliance;
  }
}
