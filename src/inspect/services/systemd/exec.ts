import type { GuestFs } from '../../../model/guest-fs.js';
import type { Setting } from './unit-file.js';
import { splitWords } from './words.js';

/** One command of an Exec…= setting, expanded. */
export interface ExecCommand {
  readonly command: readonly string[];
  /** Runs with full rights whatever User= says (prefixes `+`, `!`, `!!`). */
  readonly privileged: boolean;
  /** Its failure does not matter (prefix `-`). */
  readonly mayFail: boolean;
  readonly setting: Setting;
}

/** Where systemd looks for a program named without a slash (systemd-path search-binaries-default). */
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const MAX_ARGUMENTS = 10_000;
const MAX_COMMAND_BYTES = 256 * 1024;

/**
 * Reads one Exec…= line (systemd.service(5), Command Lines): prefixes `@ - : + ! !! |`, quoting, `;` between commands,
 * specifiers, then variables: `${X}` is replaced inside of its word, `$X` as a whole word is split at blanks.
 */
export function parseExec(
  setting: Setting,
  fs: GuestFs,
  expand: (text: string) => string,
  environment: ReadonlyMap<string, string>,
): ExecCommand[] {
  const commands: ExecCommand[] = [];
  let current: { value: string; raw: boolean }[] = [];
  const finish = (): void => {
    const parsed = current.length === 0 ? null : parseCommand(current, setting, fs, expand, environment);
    if (parsed !== null) commands.push(parsed);
    current = [];
  };
  for (const word of splitWords(setting.value)) {
    if (word.value === ';' && word.raw) finish();
    else current.push(word);
  }
  finish();
  return commands;
}

function parseCommand(
  words: readonly { value: string; raw: boolean }[],
  setting: Setting,
  fs: GuestFs,
  expand: (text: string) => string,
  environment: ReadonlyMap<string, string>,
): ExecCommand | null {
  const prefix = /^[@\-:+!|]*/.exec(words[0]!.value)![0];
  const program = expand(words[0]!.value.slice(prefix.length));
  if (program === '') return null;
  const rest = words.slice(prefix.includes('@') ? 2 : 1);
  const command = [findProgram(fs, program)];
  let size = program.length;
  for (const word of rest) {
    if (size >= MAX_COMMAND_BYTES || command.length >= MAX_ARGUMENTS) break;
    const text = word.value === '\\;' ? ';' : expand(word.value);
    const values = prefix.includes(':') ? [text] : expandVariables(text, environment);
    for (const value of values) {
      size += value.length;
      if (command.length < MAX_ARGUMENTS && size < MAX_COMMAND_BYTES) command.push(value);
    }
  }
  return { command, privileged: /[+!]/.test(prefix), mayFail: prefix.includes('-'), setting };
}

export function findProgram(fs: GuestFs, program: string): string {
  if (program.includes('/')) return program;
  for (const folder of PROGRAM_FOLDERS)
    if (fs.stat(`${folder}/${program}`)?.type === 'file') return `${folder}/${program}`;
  return program;
}

function expandVariables(word: string, environment: ReadonlyMap<string, string>): string[] {
  const whole = /^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(word);
  if (whole !== null) return splitWords(environment.get(whole[1]!) ?? '').map(({ value }) => value);
  if (!word.includes('$')) return [word];
  return [
    word.replace(
      /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::?([-+])([^}]*))?\}|([A-Za-z_][A-Za-z0-9_]*))/g,
      (match, name, operator, other, plain) => {
        if (match === '$$') return '$';
        const value = environment.get((name ?? plain) as string);
        if (operator === '-') return value ? value : (other as string);
        if (operator === '+') return value ? (other as string) : '';
        return value ?? '';
      },
    ),
  ];
}
