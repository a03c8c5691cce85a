import { AppError } from '../../errors.js';
import type { Evidence, Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { Hardware } from '../../model/machine.js';
import type { FitFinding, OperatingSystem } from '../../model/os.js';
import type { InstalledPackage, PackageDatabase } from '../../model/packages.js';
import { decodePath, displayPath, parentPath } from '../../model/path.js';
import type { Job, Service } from '../../model/services.js';
import type { Accounts } from './accounts.js';
import type { InitProgram } from './init-program.js';

/** What the pipeline knows when services are read. */
export interface MachineContext {
  readonly hardware: Hardware;
  readonly packages: PackageDatabase | null;
  readonly os: OperatingSystem;
}

/** What every reader of an init system is given. */
export interface ServiceContext extends MachineContext {
  readonly fs: GuestFs;
  readonly accounts: Accounts;
  /** The program that the kernel starts first. */
  readonly init: InitProgram;
  /** Words of the kernel command line that the boot loader of the disk passes; empty when there is none to read. */
  readonly kernelArguments: readonly string[];
  /** The installed package that lists a path, before or after the merge of `/usr`. */
  ownerOf(path: string): InstalledPackage | null;
  report(code: string, path: string, reason: string): void;
}

/** A service before its role is decided. */
export interface FoundService extends Omit<Service, 'role' | 'reason' | 'container'> {
  /** The reader knows the role by itself (supervisors, units that only group others). */
  readonly role?: { readonly role: Service['role']; readonly reason: string };
  /** The file that decides who wrote the service: unit file, init script. Its package owner counts for the role. */
  readonly definition: string | null;
  /** Why a start would do nothing, and where that is decided. */
  readonly blocked?: { readonly path: string; readonly line: number; readonly reason: string };
}

export interface FoundJob extends Job {
  /** The service that must run for the job to happen (`cron`); null when the init system does it itself. */
  readonly needs?: 'cron' | 'anacron' | 'at';
}

export interface InitFindings {
  readonly services: readonly FoundService[];
  readonly jobs: readonly FoundJob[];
  readonly fit: readonly FitFinding[];
}

export const NO_FINDINGS: InitFindings = { services: [], jobs: [], fit: [] };

/**
 * One init system or supervisor: a folder of its own, one line in `readers.ts`. `earlier` holds what the readers before
 * it in the list found, so that a supervisor can see whether anything starts it.
 */
export interface ServiceReader {
  readonly name: string;
  /** Folders and files it reads, for fetching in bulk. */
  readonly paths: readonly string[];
  read(context: ServiceContext, earlier: readonly FoundService[]): Promise<InitFindings>;
}

/** No configuration file that anybody wrote is larger; what is larger is reported and passed over. */
export const MAX_TEXT_BYTES = 1024 * 1024;
const MAX_PROBLEMS = 2000;

/** The text of a guest file in the encoding of `model/path.ts`; null when it is absent or unreadable (reported). */
export async function readText(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  path: string,
  maxBytes = MAX_TEXT_BYTES,
): Promise<string | null> {
  const entry = context.fs.stat(path);
  if (entry?.type !== 'file') return null;
  if (entry.size > maxBytes) {
    context.report('file-too-large', path, `has ${entry.size} bytes; at most ${maxBytes} are read`);
    return null;
  }
  try {
    return decodePath(await context.fs.readFile(path, { maxBytes }));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    context.report('file-unreadable', path, error.message);
    return null;
  }
}

/** A bounded list of problems and the function that adds to it; the same problem is kept once. */
export function problemList(): { problems: Problem[]; report: ServiceContext['report'] } {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const report: ServiceContext['report'] = (code, path, reason) => {
    const shown = displayPath(path);
    const key = `${code}\0${shown}\0${reason}`;
    if (seen.has(key) || problems.length > MAX_PROBLEMS) return;
    seen.add(key);
    problems.push(
      problems.length === MAX_PROBLEMS
        ? { code: 'too-many-problems', path: '/', reason: `more than ${MAX_PROBLEMS}; the rest is not listed` }
        : { code, path: shown, reason: reason.slice(0, 500) },
    );
  };
  return { problems, report };
}

/** A look-up of package owners that sees through links between folders (`/lib` → `/usr/lib`). */
export function ownerLookup(fs: GuestFs, packages: PackageDatabase | null): ServiceContext['ownerOf'] {
  let owners: Map<string, InstalledPackage> | null = null;
  const canonical = (path: string): string => {
    const folder = fs.stat(parentPath(path));
    return folder === undefined
      ? path
      : `${folder.path === '/' ? '' : folder.path}${path.slice(path.lastIndexOf('/'))}`;
  };
  return (path) => {
    if (packages === null) return null;
    if (owners === null) {
      owners = new Map();
      for (const item of packages.packages) {
        for (const file of item.files) if (mayDefineService(file.path)) owners.set(canonical(file.path), item);
      }
    }
    return owners.get(canonical(path)) ?? null;
  };
}

export function evidence(path: string, line?: number): Evidence {
  return line === undefined ? { path } : { path, line };
}

/** Whether a file's package tells who wrote a service: only such paths are kept in memory. */
function mayDefineService(path: string): boolean {
  return /^\/(?:etc|lib\/systemd|usr\/lib\/systemd|usr\/share\/upstart|usr\/s?bin|s?bin)\//.test(path);
}
