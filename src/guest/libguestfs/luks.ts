import { AppError } from '../../errors.js';
import type { Appliance } from '../../tools/guestfish.js';
import type { GuestOptions } from '../guest.js';
import { type Device, parseDevices } from './devices.js';
import { runShell } from './pipe.js';
import { ACTIVATE_VOLUMES, KEYS_FILE, LIST_DEVICES, MAKE_ROOM_FOR_KEYS, openLuks, REMOVE_KEYS } from './scripts.js';

/** LUKS on LVM on LUKS is as deep as it gets. */
const MAX_ROUNDS = 3;
/** Keys are made slow to try, for a fast machine: seconds there are minutes when emulated. */
const OPEN_TIMEOUT_MS = 600_000;

/**
 * Opens the encrypted devices for which there is a key, and what lies on them.
 * @returns all devices, and what lies in the opened ones as `/dev/mapper/luksN`.
 * @throws AppError `guest-key-wrong` when a key named for a device does not open it.
 */
export async function unlockDevices(
  appliance: Appliance,
  devices: readonly Device[],
  keys: GuestOptions['keys'],
): Promise<Device[]> {
  let known = [...devices];
  const tried = new Set<string>();
  const opened = new Map<string, string>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const locked = known.filter(({ type, kernelName }) => type === 'crypto_LUKS' && !tried.has(kernelName));
    if (locked.length === 0 || keys.length === 0) break;
    if (tried.size === 0) await giveKeys(appliance, keys);
    const before = opened.size;
    for (const device of locked) {
      tried.add(device.kernelName);
      const mappedName = `luks${opened.size}`;
      if (await unlock(appliance, device, keys, mappedName)) opened.set(device.kernelName, `/dev/mapper/${mappedName}`);
    }
    if (opened.size === before) break;
    await runShell(appliance, ACTIVATE_VOLUMES);
    known = parseDevices((await runShell(appliance, LIST_DEVICES)).toString('utf8'));
  }
  if (tried.size > 0) await runShell(appliance, REMOVE_KEYS);
  return known.map((device) => {
    if (!tried.has(device.kernelName)) return device;
    const openedAs = opened.get(device.kernelName);
    return openedAs === undefined
      ? { ...device, keyFailed: keys.some((key) => isMeant(key.device, device)) }
      : { ...device, openedAs };
  });
}

/** One key a line, in base 64: keys are bytes, and may hold newlines. They never touch a disk. */
async function giveKeys(appliance: Appliance, keys: GuestOptions['keys']): Promise<void> {
  const lines = keys.map(({ secret }) => `${secret.toString('base64')}\n`).join('');
  await runShell(appliance, MAKE_ROOM_FOR_KEYS);
  await appliance.uploadSecret(Buffer.from(lines, 'latin1'), KEYS_FILE);
}

async function unlock(
  appliance: Appliance,
  device: Device,
  keys: GuestOptions['keys'],
  mappedName: string,
): Promise<boolean> {
  let failure: AppError | undefined;
  for (const [index, key] of keys.entries()) {
    if (!isMeant(key.device, device)) continue;
    try {
      await runShell(appliance, openLuks(device.kernelName, mappedName, index + 1), { timeoutMs: OPEN_TIMEOUT_MS });
      return true;
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== 'guest-key-wrong' && error.code !== 'appliance-failed'))
        throw error;
      if (key.device !== 'all') failure = error;
    }
  }
  if (failure === undefined) return false;
  throw new AppError('guest-key-wrong', `The key given for ${device.device} does not open it`, {
    where: { device: device.device },
    todo: failure.todo,
    ...(failure.detail === undefined ? {} : { detail: failure.detail }),
  });
}

function isMeant(named: string, { device, uuid, aliases }: Device): boolean {
  if (named === 'all' || named === device || aliases?.includes(named)) return true;
  return uuid !== undefined && named.replace(/^UUID=/, '').toLowerCase() === uuid.toLowerCase();
}
