import type { RuntimeFolder } from '../../../model/containers.js';
import type { Service } from '../../../model/services.js';
import type { ImageFiles } from '../image-files.js';
import { activatedForm } from './activation.js';
import { DATA_ROWS } from './data.js';
import { NETWORK_ROWS } from './network.js';
import { OTHER_ROWS } from './other.js';
import { applyRow, type ForegroundRow } from './row.js';
import { WEB_ROWS } from './web.js';

/** Every daemon whose foreground form is known. */
export const FOREGROUND_ROWS: readonly ForegroundRow[] = [...WEB_ROWS, ...DATA_ROWS, ...NETWORK_ROWS, ...OTHER_ROWS];

export interface Foreground {
  readonly command: readonly string[] | null;
  /** Why there is no command. */
  readonly reason?: string;
  readonly user?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folders: readonly RuntimeFolder[];
  /** Folders of data, where they exist. */
  readonly data: readonly string[];
  readonly stopSignal?: string;
  /** Something else holds its sockets: when it is done, somebody has to listen again. */
  readonly isActivated?: true;
}

type Asked = Pick<Service, 'command' | 'type' | 'init' | 'name' | 'user' | 'group' | 'environment' | 'activation'>;

const BY_PROGRAM = new Map(FOREGROUND_ROWS.flatMap((row) => row.programs.map((program) => [program, row] as const)));

/** Words by which a program is told that its sockets are handed over; without them it opens its own. */
const AWAITS_SOCKETS =
  /^(?:fd|sd|systemd):|(?:^|=)(?:fd:\/\/|systemd:)|^--?(?:socket-activation|systemd-socket|sd-socket)\b/;

/** The form of a service's command that stays in the foreground, for who starts it in a container of the image. */
export function foregroundForm(service: Asked, image: ImageFiles | null = null): Foreground {
  const nothing = { environment: {}, folders: [], data: [] };
  const { command, activation } = service;
  if (command.length === 0 || command[0] === '') {
    return { ...nothing, command: null, reason: 'no command is known' };
  }
  const row = BY_PROGRAM.get(programName(command[0]!)) ?? BY_PROGRAM.get(baseOf(command[0]!));
  const facts = {
    environment: row?.environment ?? {},
    folders: row?.folders ?? [],
    data: row?.data ?? [],
    ...(row?.stopSignal === undefined ? {} : { stopSignal: row.stopSignal }),
  };
  if (row?.refused !== undefined) return { ...facts, command: null, reason: row.refused };
  // A program of the table that ends while the unit lives on has put itself into the background.
  const isForking = service.type === 'forking' || (service.type === 'oneshot' && row !== undefined);
  if (row === undefined && isForking) {
    return {
      ...facts,
      command: null,
      reason: 'it puts itself into the background, and no option that prevents this is known',
    };
  }
  const form = row !== undefined && (isForking || row.always === true) ? applyRow(row, command, image) : command;
  if (form === null) return { ...facts, command: null, reason: 'this form of its command has no foreground form' };
  const stays = {
    ...facts,
    command: form,
    ...(row?.user === undefined || form === command ? {} : { user: row.user }),
  };
  const isHandedOver =
    service.init === 'inetd' || service.name.endsWith('.socket') || command.some((word) => AWAITS_SOCKETS.test(word));
  if (!isHandedOver) return stays;
  if (activation === undefined || image === null) {
    if (service.init !== 'inetd' && !service.name.endsWith('.socket')) return stays;
    return { ...facts, command: null, reason: 'it is given its connections by the init system' };
  }
  const standIn = activatedForm({ ...service, command: form, activation }, image);
  if ('reason' in standIn) return { ...facts, command: null, reason: standIn.reason };
  return { ...stays, ...standIn, isActivated: true };
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** `/usr/sbin/php-fpm8.2` is `php-fpm`. */
function programName(path: string): string {
  const base = baseOf(path);
  let end = base.length;
  while (end > 0 && /[0-9.]/.test(base[end - 1]!)) end -= 1;
  while (end > 0 && base[end - 1] === '-') end -= 1;
  return base.slice(0, end) || base;
}
