import { AppError } from '../errors.js';
import { run } from './run.js';

/**
 * The version that a program tells of itself.
 * @returns e.g. `1.48.6`; null when the program is not installed.
 */
export async function programVersion(program: string): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(program, ['--version'], { timeoutMs: 10_000 });
    return /\d+(?:\.\d+)+/.exec(stdout || stderr)?.[0] ?? 'unknown version';
  } catch (error) {
    if (error instanceof AppError && error.code === 'program-missing') return null;
    throw error;
  }
}

/**
 * The version of the engine behind Docker's client.
 * @returns null when there is no client, or no engine answers it.
 */
export async function dockerEngineVersion(): Promise<string | null> {
  if ((await programVersion('docker')) === null) return null;
  const { exitCode, stdout } = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
    timeoutMs: 10_000,
  });
  return exitCode === 0 ? stdout.trim() : null;
}
