import { hasEscapes } from '../../model/path.js';

/** A line of a Dockerfile may have 64 KiB; JSON makes at most six bytes of one. */
const MAX_TEXT = 10_000;

/** Whether a string can stand in JSON and YAML and be an argument: valid UTF-16, and no NUL. */
export function isWritable(text: string): boolean {
  return !hasEscapes(text) && !text.includes('\0') && text.length <= MAX_TEXT;
}

/** Why a command cannot be written down, or null. */
export function unwritable(command: readonly string[]): string | null {
  const total = command.reduce((sum, word) => sum + word.length, 0);
  if (total > MAX_TEXT || command.length > 1000) return 'its command is too long for a Dockerfile';
  return command.every(isWritable) ? null : 'its command has bytes that no Dockerfile can hold';
}
