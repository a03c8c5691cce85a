import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CallOptions } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { BasePlan, BuildKey } from '../model/plan.js';
import { KEY_FOLDER } from '../plan/base/archive-keys.js';
import { debootstrapArguments, packArguments } from '../tools/debootstrap.js';
import { bootstrapArguments, PREFERENCES_VARIABLE } from '../tools/mmdebstrap.js';
import { type LoggedRunResult, runLogged } from '../tools/run-logged.js';
import { programVersion } from '../tools/versions.js';

const TIMEOUT_MS = 3_600_000;

type Bootstrap = NonNullable<BasePlan['bootstrap']>;

export interface BootstrapOptions extends CallOptions {
  /** A file of what the archives ask for (apt_auth.conf(5)); null: nothing. debootstrap knows of none. */
  readonly credentials: string | null;
}

/**
 * Makes a minimal root of a release as a tar archive: with mmdebstrap from all its sources, or, when one of them is
 * gone, from the release's own alone; with debootstrap where mmdebstrap is not installed.
 * @throws AppError `program-missing`, `program-failed`.
 */
export async function bootstrapRoot(bootstrap: Bootstrap, target: string, options: BootstrapOptions): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(dirname(target), 'bootstrap-'));
  // The program tells the form of the archive by the end of its name.
  const partial = join(folder, 'root.tar');
  try {
    const hasMmdebstrap = (await programVersion('mmdebstrap')) !== null;
    if (!hasMmdebstrap && (await programVersion('debootstrap')) !== null) {
      await withDebootstrap(bootstrap, partial, folder, options);
    } else {
      await withMmdebstrap(bootstrap, partial, folder, options);
    }
    await rename(partial, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function withMmdebstrap(
  bootstrap: Bootstrap,
  target: string,
  folder: string,
  options: BootstrapOptions,
): Promise<void> {
  const preferences = join(folder, 'preferences');
  await writeFile(preferences, (bootstrap.pins ?? []).map(preference).join('\n'));
  const environment = { ...options.environment, [PREFERENCES_VARIABLE]: preferences };
  const keys = await writeKeys(bootstrap.keys ?? [], folder);
  const sources = bootstrap.sources?.map((line) => line.replaceAll(`${KEY_FOLDER}/vm2docker-`, `${folder}/vm2docker-`));
  const attempt = (request: Bootstrap): Promise<LoggedRunResult> =>
    call('mmdebstrap', bootstrapArguments(request, target, { keyrings: keys, credentials: options.credentials }), {
      ...options,
      environment,
    });
  const { exitCode, tail } = await attempt({ ...bootstrap, ...(sources === undefined ? {} : { sources }) });
  if (exitCode === 0) return;
  const { sources: _, ...plain } = bootstrap;
  if ((sources?.length ?? 0) < 2) throw failed('mmdebstrap', bootstrap, tail);
  options.log('some sources cannot be used: making the root from the release alone');
  await rm(target, { force: true });
  const again = await attempt({ ...plain, ...(sources === undefined ? {} : { sources: sources.slice(0, 1) }) });
  if (again.exitCode !== 0) throw failed('mmdebstrap', bootstrap, again.tail);
}

/** It knows one suite; what it makes lacks updates, which the package layers then bring. */
async function withDebootstrap(
  bootstrap: Bootstrap,
  target: string,
  folder: string,
  options: CallOptions,
): Promise<void> {
  const root = join(folder, 'root');
  const made = await call('debootstrap', debootstrapArguments(bootstrap, root), options);
  if (made.exitCode !== 0) throw failed('debootstrap', bootstrap, made.tail);
  const packed = await call('tar', packArguments(root, target), options);
  if (packed.exitCode !== 0) throw failed('tar', bootstrap, packed.tail);
}

/** @returns the files of those keys that count for every source. */
async function writeKeys(keys: readonly BuildKey[], folder: string): Promise<string[]> {
  const trusted: string[] = [];
  for (const { file, content, isTrusted } of keys) {
    await writeFile(join(folder, file), content);
    if (isTrusted) trusted.push(join(folder, file));
  }
  return trusted;
}

function preference({ package: name, version }: { readonly package: string; readonly version: string }): string {
  return `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`;
}

function call(program: string, args: readonly string[], options: CallOptions): Promise<LoggedRunResult> {
  const { log, signal, environment = {} } = options;
  return runLogged(program, args, { onLine: log, signal, environment, timeoutMs: TIMEOUT_MS });
}

function failed(program: string, { suite, archive }: Bootstrap, tail: readonly string[]): AppError {
  return new AppError('program-failed', `${program} could not make a root of ${suite}`, {
    where: { path: archive },
    todo: 'See that the archive can be reached and still has the release, or use --base-rootfs or --base-image scratch.',
    detail: tail.slice(-10).join('\n').slice(-2000),
  });
}
