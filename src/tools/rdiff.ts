import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AppError } from '../errors.js';
import { lastLines, missingProgram, run } from './run.js';

/** rdiff(1) of librsync: block deltas between two files of the host. */

const TIMEOUT_MS = 3_600_000;

/**
 * Writes the block delta that makes `basis` into `target`.
 * @param signature A file that does not exist yet; the caller removes it.
 * @throws AppError `program-missing`, `program-failed`.
 */
export async function rdiffDelta(
  { basis, target, signature, delta }: Readonly<Record<'basis' | 'target' | 'signature' | 'delta', string>>,
  signal: AbortSignal,
): Promise<void> {
  await rdiff(['signature', basis, signature], signal);
  await rdiff(['delta', signature, target, delta], signal);
}

/** @throws AppError `program-missing`, `program-failed`. */
export async function rdiffPatch(basis: string, delta: string, result: string, signal: AbortSignal): Promise<void> {
  await rdiff(['patch', basis, delta, result], signal);
}

async function rdiff(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await run('rdiff', args, { timeoutMs: TIMEOUT_MS, signal });
  if (exitCode === 0) return;
  throw new AppError('program-failed', `rdiff ${args[0]} ended with ${exitCode}`, {
    todo: 'Look at its last words below, or convert without --diff rdiff.',
    detail: lastLines(stderr),
  });
}

/** What runs rdiff on any Linux of this processor, whatever C library that has: the program and all it loads. */
export interface RdiffBundle {
  readonly program: string;
  readonly loader: string;
  /** Files of the host, by the names the program asks for. */
  readonly libraries: readonly { readonly name: string; readonly file: string }[];
}

/** @throws AppError `program-missing`, `program-failed`. */
export async function rdiffBundle(): Promise<RdiffBundle> {
  const program = await onPath('rdiff');
  if (program === null) throw missingProgram('rdiff');
  const { exitCode, stdout, stderr } = await run('ldd', [program], { timeoutMs: 10_000 });
  const libraries: { name: string; file: string }[] = [];
  let loader: string | null = null;
  for (const line of stdout.split('\n')) {
    const library = /^\s*(\S+) => (\/\S+) \(0x/.exec(line);
    if (library !== null) libraries.push({ name: library[1]!, file: library[2]! });
    const own = /^\s*(\/\S+) \(0x/.exec(line);
    if (own !== null) loader = own[1]!;
  }
  if (exitCode === 0 && loader !== null) return { program, loader, libraries };
  throw new AppError('program-failed', 'ldd does not tell what rdiff loads', {
    todo: 'Convert without --diff rdiff.',
    detail: lastLines(stderr || stdout),
  });
}

async function onPath(name: string): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name);
    const isProgram = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (folder !== '' && isProgram) return file;
  }
  return null;
}
