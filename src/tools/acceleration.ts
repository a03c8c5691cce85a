import { constants } from 'node:fs';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Whether the appliance runs on KVM or is emulated. That /dev/kvm opens says little: inside of some virtual machines
 * QEMU dies or hangs later. So KVM is tried once under a deadline, and a failure is remembered until the host boots anew.
 */
export type Acceleration = 'kvm' | 'emulation';

export interface AccelerationChoice {
  readonly acceleration: Acceleration;
  /** KVM has not been seen to work since the host booted: be quick to give it up. */
  readonly onTrial: boolean;
}

interface Memory {
  readonly bootId: string;
  readonly works: boolean;
}

export interface AccelerationHost {
  readonly kvmDevice: string;
  readonly bootIdFile: string;
  readonly memoryFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function thisHost(): AccelerationHost {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return {
    kvmDevice: '/dev/kvm',
    bootIdFile: '/proc/sys/kernel/random/boot_id',
    memoryFile: join(cache, 'vm2docker-image', 'acceleration.json'),
    environment: process.env,
  };
}

export async function chooseAcceleration(host: AccelerationHost = thisHost()): Promise<AccelerationChoice> {
  if (/\bforce_tcg\b/.test(host.environment.LIBGUESTFS_BACKEND_SETTINGS ?? '')) {
    return { acceleration: 'emulation', onTrial: false };
  }
  const isOpen = await access(host.kvmDevice, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isOpen) return { acceleration: 'emulation', onTrial: false };
  const memory = await recall(host);
  if (memory === undefined) return { acceleration: 'kvm', onTrial: true };
  return { acceleration: memory.works ? 'kvm' : 'emulation', onTrial: false };
}

/** Keeps what a launch has shown. A cache that cannot be written costs time on the next run, nothing else. */
export async function rememberKvm(works: boolean, host: AccelerationHost = thisHost()): Promise<void> {
  try {
    const memory: Memory = { bootId: await bootId(host), works };
    await mkdir(join(host.memoryFile, '..'), { recursive: true, mode: 0o700 });
    await writeFile(host.memoryFile, `${JSON.stringify(memory)}\n`, { mode: 0o600 });
  } catch {
    // nothing depends on it
  }
}

/** What libguestfs reads from its environment for the choice (guestfs(3), "BACKEND SETTINGS"). */
export function accelerationEnvironment(acceleration: Acceleration): Readonly<Record<string, string>> {
  return {
    LIBGUESTFS_BACKEND: 'direct',
    LIBGUESTFS_BACKEND_SETTINGS: acceleration === 'kvm' ? 'force_kvm' : 'force_tcg',
  };
}

async function recall(host: AccelerationHost): Promise<Memory | undefined> {
  try {
    const memory = JSON.parse(await readFile(host.memoryFile, 'utf8')) as Partial<Memory>;
    if (memory.bootId !== (await bootId(host)) || typeof memory.works !== 'boolean') return undefined;
    return { bootId: memory.bootId, works: memory.works };
  } catch {
    return undefined;
  }
}

async function bootId(host: AccelerationHost): Promise<string> {
  return (await readFile(host.bootIdFile, 'utf8')).trim();
}
