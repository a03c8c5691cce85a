import type { Problem } from '../../model/evidence.js';
import type { GuestFs } from '../../model/guest-fs.js';
import type { FitFinding } from '../../model/os.js';
import { isWithin } from '../../model/path.js';
import type { Job, Service } from '../../model/services.js';
import { parseAccounts } from './accounts.js';
import {
  type FoundJob,
  type FoundService,
  type MachineContext,
  ownerLookup,
  problemList,
  readText,
  type ServiceContext,
} from './context.js';
import { findInitProgram } from './init-program.js';
import { readKernelArguments } from './kernel-arguments.js';
import { SERVICE_READERS } from './readers.js';
import { decideRole } from './roles.js';

export interface ServiceFindings {
  readonly services: readonly Service[];
  readonly jobs: readonly Job[];
  readonly fit: readonly FitFinding[];
  readonly problems: readonly Problem[];
}

const READ_PATHS = [...new Set(SERVICE_READERS.flatMap(({ paths }) => paths))].sort();

/** Folders and files that the readers read, worth fetching in bulk beforehand; none lies within another. */
export const SERVICE_PATHS: readonly string[] = READ_PATHS.filter(
  (path) => !READ_PATHS.some((other) => other !== path && isWithin(path, other)),
);

/** What the machine would run from its boot on, and at which times, from its files alone. */
export async function inspectServices(fs: GuestFs, machine: MachineContext): Promise<ServiceFindings> {
  const { problems, report } = problemList();
  const reading = { fs, report };
  const kernelArguments = await readKernelArguments(reading);
  const ownerOf = ownerLookup(fs, machine.packages);
  const context: ServiceContext = {
    ...machine,
    ...reading,
    kernelArguments,
    ownerOf,
    accounts: parseAccounts(await readText(reading, '/etc/passwd'), await readText(reading, '/etc/group')),
    init: findInitProgram(fs, kernelArguments, ownerOf, new Set(machine.packages?.packages.map(({ name }) => name))),
  };
  if (context.init === 'unknown') {
    report('init-unknown', '/sbin/init', 'is an init system that is not read; its services are missing here');
  }
  const services: FoundService[] = [];
  const jobs: FoundJob[] = [];
  const fit: FitFinding[] = [];
  for (const reader of SERVICE_READERS) {
    const found = await reader.read(context, services);
    services.push(...found.services);
    jobs.push(...found.jobs);
    fit.push(...found.fit);
  }
  return {
    services: services.map((service) => complete(service, context)).sort(byName),
    jobs: jobs.map(({ needs: _, ...job }) => job).sort(byName),
    fit,
    problems,
  };
}

function complete(found: FoundService, context: ServiceContext): Service {
  const decided = found.role ?? decideRole(found, context);
  if (
    found.enabled &&
    decided.role === 'application' &&
    found.definition !== null &&
    found.command[0] === found.definition
  ) {
    context.report(
      'command-not-inferred',
      found.definition,
      `${found.name}: the script starts no program that could be told`,
    );
  }
  const { role: _role, definition: _, blocked: __, ...service } = found;
  const isForking = service.type === 'forking';
  return {
    ...service,
    ...decided,
    container:
      isForking || service.command.length === 0
        ? { command: null, reason: isForking ? 'the program puts itself into the background' : 'no command is known' }
        : { command: service.command },
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
