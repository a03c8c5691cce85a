import { dirname } from 'node:path';
import { AppError } from '../errors.js';
import type { Guest, GuestOptions } from '../guest/guest.js';
import {
  type ClassifiedFiles,
  type ContentReader,
  classifyFiles,
  contentReader,
  FILE_PATHS,
} from '../inspect/files/index.js';
import { FIT_PATHS, inspectFit } from '../inspect/fit/index.js';
import { inspectHardware } from '../inspect/hardware/index.js';
import { inspectOs, OS_PATHS } from '../inspect/os/index.js';
import { inspectPackages, PACKAGE_PATHS } from '../inspect/packages/index.js';
import { inspectPorts, PORT_PATHS } from '../inspect/ports/index.js';
import { inspectRuntime, RUNTIME_PATHS } from '../inspect/runtime/index.js';
import { inspectServices, SERVICE_PATHS } from '../inspect/services/index.js';
import type { ExtendedAttributes } from '../model/entry.js';
import type { Problem } from '../model/evidence.js';
import type { FileInventory } from '../model/files.js';
import type { FirewallRule } from '../model/firewall.js';
import type { GuestFs } from '../model/guest-fs.js';
import type { MachineSource } from '../model/machine.js';
import type { OperatingSystem } from '../model/os.js';
import type { PackageDatabase } from '../model/packages.js';
import type { Progress } from '../model/progress.js';
import type { Service } from '../model/services.js';
import { crossCheck } from './cross-check.js';
import { requireSpace } from './disk-space.js';
import type { MachineReading, ReadMachine } from './machine-reading.js';

/**
 * Finds out all there is to know about a machine that is open.
 * @param access How it was opened, for the other reader.
 * @throws AppError for a machine without a system, and for what cannot be read.
 */
export async function inspectGuest(
  guest: Guest,
  source: MachineSource,
  access: GuestOptions & { readonly progress: Progress },
  reading: MachineReading,
): Promise<ReadMachine> {
  const { request, progress } = reading;
  const { name } = source;
  const { fs } = guest;
  progress.step(name, 'reading configuration and databases');
  await fs.prefetch([
    ...new Set([
      ...OS_PATHS,
      ...PACKAGE_PATHS,
      ...FILE_PATHS,
      ...SERVICE_PATHS,
      ...PORT_PATHS,
      ...RUNTIME_PATHS,
      ...FIT_PATHS,
    ]),
  ]);
  const system = await inspectOs(fs);
  if (system === null) throw noSystem(source);
  const packages = await inspectPackages(fs, { archiveIndexes: !request.quick });
  const context = { hardware: source.hardware, packages, os: system.os };
  const running = await inspectServices(fs, context);
  const listening = await servicesWithPorts(fs, running.services, context);
  const classified = await classifyFiles(fs, packages, request);
  const content = request.quick ? withoutContent(classified) : await readContent(fs, classified, name, reading);
  const fit = await inspectFit({
    fs,
    os: system.os,
    hardware: source.hardware,
    packages,
    services: listening.services,
    filesystems: guest.filesystems,
    dataDirectories: classified.dataDirectories,
    hostArchitecture: process.arch,
  });
  const differences = request.crossCheck === true ? await crossCheck(source, guest, access) : [];
  return {
    reader: guest.reader,
    machine: {
      source,
      os: system.os,
      kernels: system.kernels,
      filesystems: guest.filesystems,
      packages,
      files: content.inventory,
      services: listening.services,
      jobs: running.jobs,
      firewall: listening.firewall,
      runtime: await inspectRuntime(fs),
      fit: [...system.fit, ...inspectHardware(fs, source.hardware), ...running.fit, ...fit],
      problems: [
        ...source.problems,
        ...guest.problems,
        ...system.problems,
        ...(packages?.problems ?? []),
        ...running.problems,
        ...listening.problems,
        ...content.problems,
        ...differences,
      ],
    },
  };
}

/** What cron runs once at boot and listens nowhere is a job, and listed as such. */
export async function servicesWithPorts(
  fs: GuestFs,
  services: readonly Service[],
  context: { packages: PackageDatabase | null; os: OperatingSystem },
): Promise<{ services: Service[]; firewall: readonly FirewallRule[]; problems: readonly Problem[] }> {
  const { byService, firewall, problems } = await inspectPorts(fs, services, context);
  const listening = services.map((service) => ({ ...service, ...byService.get(service.name) }));
  const isJob = ({ init, type, ports, listens }: Service): boolean =>
    init === 'cron' && type === 'oneshot' && ports.length + listens.length === 0;
  return { services: listening.filter((service) => !isJob(service)), firewall, problems };
}

/** What classifying needed goes: a function cannot be kept for the next run. */
function withoutContent(classified: ClassifiedFiles): { inventory: FileInventory; problems: readonly Problem[] } {
  const { claims: _, compare: __, problems, ...inventory } = classified;
  return { inventory, problems };
}

async function readContent(
  fs: GuestFs,
  classified: ClassifiedFiles,
  name: string,
  { progress, spool }: MachineReading,
): Promise<{ inventory: FileInventory; problems: readonly Problem[] }> {
  const reader = await contentReader(classified);
  const wanted = wantedBytes(classified, reader);
  if (spool !== null) await requireSpace(dirname(spool.path), wanted, 'copies of the files');
  progress.step(name, 'reading content', wanted, 'bytes');
  const attributesOf = new Map<string, ExtendedAttributes>();
  let done = 0;
  await fs.stream(
    async (item) => {
      if (item.attributes.size > 0) attributesOf.set(item.entry.fileId, item.attributes);
      await reader.visit(spool === null ? item : spool.record(item));
      done += item.entry.allocated;
      progress.advance(name, done);
    },
    (entry) => entry.type !== 'file' || reader.wants(entry),
    reader.digests,
  );
  const { problems, ...inventory } = reader.finish();
  return { inventory: { ...inventory, attributes: attributesByPath(inventory, attributesOf) }, problems };
}

/** Attributes belong to the file: every name of it has them, whichever name passed by with them. */
function attributesByPath(
  inventory: FileInventory,
  attributesOf: ReadonlyMap<string, ExtendedAttributes>,
): Map<string, ExtendedAttributes> {
  const byPath = new Map<string, ExtendedAttributes>();
  for (const [path, { entry }] of inventory.records) {
    const attributes = attributesOf.get(entry.fileId);
    if (attributes !== undefined) byPath.set(path, attributes);
  }
  return byPath;
}

/** Allocated rather than apparent: holes pass in no time. */
function wantedBytes(classified: ClassifiedFiles, reader: ContentReader): number {
  let total = 0;
  for (const { entry } of classified.records.values()) if (reader.wants(entry)) total += entry.allocated;
  return total;
}

function noSystem(source: MachineSource): AppError {
  return new AppError('guest-no-system', `no Linux system was found on ${source.argument}`, {
    where: { disk: source.argument },
    todo: 'Name the disk that holds the root file system; several disks of one machine are joined with "+".',
  });
}
