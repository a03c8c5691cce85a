import { execa } from 'execa';
import { AppError } from '../errors.js';

/**
 * The one place that starts short-lived child processes: no shell, no standard input unless given, C locale, a
 * deadline, bounded output. Long-lived servers (the appliance, qemu-nbd) have a file of their own beside this one.
 */

export interface RunOptions {
  readonly timeoutMs: number;
  /** Characters kept of each output stream; more ends the program. Default 16 Mi. */
  readonly maxBuffer?: number;
  readonly input?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, whatever its exit status.
 * @throws AppError `program-missing`, `program-timeout`, `program-failed` (killed by a signal, too much output).
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const result = await execa(program, args, {
    reject: false,
    timeout: options.timeoutMs,
    killSignal: 'SIGTERM',
    forceKillAfterDelay: 2000,
    maxBuffer: options.maxBuffer ?? 16 * 1024 * 1024,
    stripFinalNewline: false,
    env: { LC_ALL: 'C', TZ: 'UTC', ...options.environment },
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (result.code === 'ENOENT' && result.exitCode === undefined) throw missingProgram(program);
  if (result.timedOut) {
    throw new AppError('program-timeout', `${program} did not finish within ${options.timeoutMs / 1000} s`, {
      todo: 'Try again when the host is less busy; if it happens again, the input makes the program hang.',
      detail: lastLines(result.stderr),
    });
  }
  if (result.isCanceled) {
    throw new AppError('interrupted', `${program} was stopped`, { todo: 'Run the command again.' });
  }
  if (result.exitCode === undefined) {
    throw new AppError('program-failed', `${program} ended without an exit status: ${result.shortMessage}`, {
      todo: 'Look at its last words below.',
      detail: lastLines(result.stderr),
    });
  }
  return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
}

/** Debian package that brings each program we call, for the advice in errors and in `doctor`. */
export const DEBIAN_PACKAGE_OF: Readonly<Record<string, string>> = {
  guestfish: 'libguestfs-tools',
  'qemu-img': 'qemu-utils',
  'qemu-nbd': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  mmdebstrap: 'mmdebstrap',
  debootstrap: 'debootstrap',
  buildah: 'buildah',
  rdiff: 'rdiff',
  zstd: 'zstd',
  podman: 'podman',
  docker: 'docker.io',
};

export function missingProgram(program: string): AppError {
  const debianPackage = DEBIAN_PACKAGE_OF[program];
  return new AppError('program-missing', `${program} is not installed`, {
    todo: debianPackage
      ? `Install it: apt-get install ${debianPackage}. Then run: vm2docker-image doctor`
      : 'Install it and see that it is on the PATH.',
  });
}

/** The end of what a program printed: at most `count` lines and 2,000 characters. */
export function lastLines(text: string, count = 10): string {
  return text.trimEnd().split('\n').slice(-count).join('\n').slice(-2000);
}
