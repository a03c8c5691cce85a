import type { RuntimeFolder } from '../../../model/containers.js';
import type { Service } from '../../../model/services.js';
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
}

const BY_PROGRAM = new Map(FOREGROUND_ROWS.flatMap((row) => row.programs.map((program) => [program, row] as const)));

/** The form of a service's command that stays in the foreground, for who starts it in a container. */
export function foregroundForm(service: Pick<Service, 'command' | 'type' | 'init' | 'name'>): Foreground {
  const nothing = { environment: {}, folders: [], data: [] };
  const { command } = service;
  if (command.length === 0 || command[0] === '') {
    return { ...nothing, command: null, reason: 'no command is known' };
  }
  if (service.init === 'inetd' || service.name.endsWith('.socket')) {
    const reason = 'it is given its connections by the init system, which a container does not have';
    return { ...nothing, command: null, reason };
  }
  const row = BY_PROGRAM.get(programName(command[0]!)) ?? BY_PROGRAM.get(baseOf(command[0]!));
  const isForking = service.type === 'forking';
  if (row === undefined) {
    if (!isForking) return { ...nothing, command };
    return {
      ...nothing,
      command: null,
      reason: 'it puts itself into the background, and no option that prevents this is known',
    };
  }
  const facts = { environment: row.environment ?? {}, folders: row.folders ?? [], data: row.data ?? [] };
  if (!isForking && row.always !== true) return { ...facts, command };
  const form = applyRow(row, command);
  if (form === null) return { ...facts, command: null, reason: 'this form of its command has no foreground form' };
  return { ...facts, command: form, ...(row.user === undefined ? {} : { user: row.user }) };
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
