import { AppError, type ErrorPlace } from '../errors.js';

/** The failures that several readers of formats share, so that they sound alike. `disk` is the name as the user gave it. */

export function truncated(disk: string, what: string, place: ErrorPlace = {}): AppError {
  return new AppError('input-truncated', `${disk} is cut short: ${what}`, {
    where: { disk, ...place },
    todo: 'Copy the disk again from where it came from and compare sizes or checksums; a part of it is missing.',
  });
}

export function corrupt(disk: string, what: string, place: ErrorPlace = {}): AppError {
  return new AppError('input-corrupt', `${disk} is damaged: ${what}`, {
    where: { disk, ...place },
    todo: 'Copy the disk again, or try the original; nothing is read from a disk whose own tables contradict themselves.',
  });
}

export function unsupported(disk: string, what: string, todo: string): AppError {
  return new AppError('input-unsupported', `${disk}: ${what}`, { where: { disk }, todo });
}

export function notADisk(disk: string, what: string, todo: string): AppError {
  return new AppError('input-not-a-disk', `${disk} ${what}`, { where: { disk }, todo });
}

export function encrypted(disk: string, what: string): AppError {
  return new AppError('input-encrypted', `${disk} is encrypted: ${what}`, {
    where: { disk },
    todo: 'Remove the encryption where the machine lives (power it off, decrypt, export), then name the new disk.',
  });
}

/** Shortens text of a disk for a message: one line, printable, at most 120 characters. */
export function excerpt(text: string): string {
  const line = text.replace(/[^\x20-\x7e\u00a0-\u{10ffff}]/gu, '?');
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
