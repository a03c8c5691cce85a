import type { AppError } from '../errors.js';
import type { Evidence } from '../model/evidence.js';
import type { FileRecord } from '../model/files.js';
import type { InspectedMachine } from '../model/inspected.js';
import type { InstalledPackage } from '../model/packages.js';
import { displayPath, hasEscapes } from '../model/path.js';
import type { GroupPlan, LayerPlan, MachinePlan, Plan, ReusedFile } from '../model/plan.js';
import type { Job, Service } from '../model/services.js';
import { maskCommand, maskEnvironment, maskValues, secretValues } from '../syntax/secret-words.js';

/** What the report says of the run itself; everything else in it depends on the disks and options alone. */
export interface RunInfo {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Program → version: `vm2docker-image`, `qemu`, `libguestfs`, … */
  readonly versions: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** How long the steps took, where that was measured. */
  readonly steps?: readonly StepDuration[];
}

export interface StepDuration {
  /** Machine, or group of machines. */
  readonly machine: string;
  readonly step: string;
  readonly seconds: number;
}

/** What was measured of images that were built, by layer id. */
export interface BuiltSizes {
  readonly size: number;
  readonly tar: number;
}

export interface ReportOptions {
  /** SHA-256 of source disks by path, when asked for. */
  readonly diskDigests?: ReadonlyMap<string, string>;
  readonly built?: ReadonlyMap<string, BuiltSizes>;
  /** Whether passwords in commands and environments are shown. */
  readonly showSecrets?: boolean;
  /** Machines of the command line that could not be read. */
  readonly failures?: readonly { readonly argument: string; readonly error: AppError }[];
}

/** The report as plain data, keys in the order of design and schema (`docs/report.schema.json`). */
export function buildReport(
  plan: Plan,
  machines: readonly InspectedMachine[],
  run: RunInfo,
  options: ReportOptions = {},
): Record<string, unknown> {
  const byName = new Map(machines.map((machine) => [machine.source.name, machine]));
  return {
    schemaVersion: 1,
    run,
    vms: plan.machines.map((planned) => machineReport(planned, byName.get(planned.name)!, options)),
    groups: plan.groups.map((group) => groupReport(group, options)),
    failures: (options.failures ?? []).map(({ argument, error: { code, message, where, todo } }) => ({
      argument,
      code,
      message,
      where,
      todo,
    })),
  };
}

function machineReport(planned: MachinePlan, machine: InspectedMachine, options: ReportOptions) {
  const { source, os, files } = machine;
  const records = [...files.records.values()];
  return {
    name: source.name,
    slug: source.slug,
    source: {
      disks: source.disks.map((disk) => ({
        path: disk.path,
        format: disk.format,
        ...(disk.subformat === undefined ? {} : { subformat: disk.subformat }),
        virtualSize: disk.virtualSize,
        allocatedSize: disk.allocatedSize,
        ...(options.diskDigests?.has(disk.path) === true ? { sha256: options.diskDigests.get(disk.path) } : {}),
      })),
      ...(source.root === undefined ? {} : { root: source.root }),
      hardware: source.hardware,
    },
    os: {
      id: os.id,
      versionId: os.versionId,
      codename: os.codename,
      prettyName: os.prettyName,
      architecture: os.architecture,
      kernels: machine.kernels.map(({ version }) => version),
      evidence: os.evidence.map(shownEvidence),
    },
    filesystems: machine.filesystems.map((each) => ({
      device: each.device,
      type: each.type,
      mountpoint: each.mountpoint === null ? null : displayPath(each.mountpoint),
      size: each.size,
      used: each.used,
    })),
    packages: packagesReport(planned, machine),
    services: machine.services.map((service) => serviceReport(service, planned, options)),
    jobs: machine.jobs.map((job) => jobReport(job, options)),
    firewall: (machine.firewall ?? []).map((rule) => ({ ...rule, evidence: shownEvidence(rule.evidence) })),
    sizes: planned.sizes,
    excluded: excludedReport(records),
    secrets: records
      .filter((record) => record.secret !== undefined)
      .map(({ entry, secret }) => ({ ...located(entry.path), kind: secret })),
    identity: records
      .filter((record) => record.identity !== undefined)
      .map(({ entry, identity }) => ({ ...located(entry.path), kind: identity })),
    dataDirectories: files.dataDirectories.map((each) => ({ ...each, ...located(each.path) })),
    sparse: files.sparse.map(({ path, size, allocated }) => ({ ...located(path), size, allocated })),
    large: files.large.map(({ path, size, allocated }) => ({ ...located(path), size, allocated })),
    fit: [...machine.fit, ...planned.fit].map((finding) => ({
      ...finding,
      evidence: finding.evidence.map(shownEvidence),
    })),
    unrepresentable: planned.unrepresentable.map(({ path, reason }) => ({ ...located(path), reason })),
    problems: [...machine.problems, ...planned.problems].map(({ code, path, reason }) => ({
      code,
      ...located(path),
      reason,
    })),
  };
}

function packagesReport(planned: MachinePlan, machine: InspectedMachine) {
  const { packages: database, files } = machine;
  const sizes = packageSizes(files.records.values());
  return {
    manager: database?.manager ?? null,
    installed: (database?.packages ?? []).map((item) => ({
      name: item.name,
      version: item.version,
      architecture: item.architecture,
      size: sizes.get(keyOf(item)) ?? 0,
      auto: item.auto,
      ...(item.held ? { held: true } : {}),
      ...(item.kernel ? { kernel: true } : {}),
      origin: { kind: item.origin.kind, available: item.origin.available, reason: item.origin.reason },
    })),
    toInstall: planned.toInstall,
    reduction: planned.reduction,
    evidence: (database?.evidence ?? []).map(shownEvidence),
  };
}

/** Bytes on the disk of the regular files of each package; a file of several packages counts for each. */
function packageSizes(records: Iterable<FileRecord>): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { entry, owners } of records) {
    if (entry.type !== 'file') continue;
    for (const owner of owners) sizes.set(owner, (sizes.get(owner) ?? 0) + entry.size);
  }
  return sizes;
}

function serviceReport(service: Service, { containers }: MachinePlan, { showSecrets = false }: ReportOptions) {
  const container = containers?.commands.get(service.name) ?? service.container;
  const values = showSecrets ? [] : secretValues(service.command, service.environment);
  const shown = (command: readonly string[]): readonly string[] =>
    showSecrets ? command : maskCommand(command).map((word) => maskValues(word, values));
  return {
    ...service,
    command: shown(service.command),
    prepare: service.prepare.map((step) => ({ ...step, command: shown(step.command) })),
    environment: showSecrets ? service.environment : maskEnvironment(service.environment),
    workingDirectory: service.workingDirectory === null ? null : displayPath(service.workingDirectory),
    ports: service.ports.map((port) => ({ ...port, evidence: shownEvidence(port.evidence) })),
    listens: service.listens.map(displayPath),
    ...(service.activation === undefined
      ? {}
      : {
          activation: {
            ...service.activation,
            sockets: service.activation.sockets.map((socket) => ({ ...socket, address: displayPath(socket.address) })),
          },
        }),
    container: { ...container, command: container.command === null ? null : shown(container.command) },
    evidence: service.evidence.map(shownEvidence),
  };
}

function jobReport(job: Job, { showSecrets = false }: ReportOptions) {
  return {
    ...job,
    command: showSecrets ? job.command : maskCommand(job.command),
    evidence: shownEvidence(job.evidence),
  };
}

/** The topmost paths that are left out: what lies below an excluded folder for the same reason counts to it. */
function excludedReport(records: readonly FileRecord[]) {
  const shown: { path: string; pathEncoding?: 'percent'; class: string; reason: string; size: number }[] = [];
  const covering = new Map<string, (typeof shown)[number]>();
  const seen = new Set<string>();
  for (const { entry, excluded } of records) {
    if (excluded === undefined) continue;
    const isAnotherName = entry.links > 1 && entry.type === 'file' && seen.has(entry.fileId);
    seen.add(entry.fileId);
    const size = entry.type === 'file' && !isAnotherName ? entry.size : 0;
    const parent = covering.get(entry.path.slice(0, entry.path.lastIndexOf('/')) || '/');
    if (parent !== undefined && parent.class === excluded.class) {
      parent.size += size;
      if (entry.type === 'directory') covering.set(entry.path, parent);
      continue;
    }
    const line = { ...located(entry.path), class: excluded.class, reason: excluded.reason, size };
    shown.push(line);
    if (entry.type === 'directory') covering.set(entry.path, line);
  }
  return shown;
}

function groupReport(group: GroupPlan, options: ReportOptions) {
  return {
    id: group.id,
    os: { id: group.os.id, versionId: group.os.versionId, architecture: group.os.architecture },
    vms: group.vms,
    base: {
      reference: group.base.reference,
      checked: group.base.checked,
      kind: group.base.kind,
      platform: group.base.platform,
      reason: group.base.reason,
    },
    stored: group.stored,
    layers: group.layers.map((layer) => layerReport(layer, options.built?.get(layer.id))),
    metrics: group.metrics,
  };
}

function layerReport(layer: LayerPlan, built: BuiltSizes | undefined) {
  return {
    id: layer.id,
    parent: layer.parent,
    kind: layer.kind,
    ...(layer.mode === undefined ? {} : { mode: layer.mode }),
    ...(layer.reason === undefined ? {} : { reason: layer.reason }),
    vms: layer.vms,
    packages: layer.packages.map((item) => `${keyOf(item)}=${item.version}`),
    ...(layer.install === undefined
      ? {}
      : { named: layer.install.named, reduction: layer.install.reduction, remove: layer.install.remove }),
    ...(layer.install?.different === undefined ? {} : { different: layer.install.different }),
    ...(layer.paths === undefined ? {} : { paths: layer.paths.length }),
    ...(layer.deletions === undefined ? {} : { deletions: layer.deletions.length }),
    ...(layer.reused === undefined ? {} : { reused: reusedReport(layer.reused) }),
    size: { ...layer.size, built: built?.size ?? null },
    tar: { ...layer.tar, built: built?.tar ?? null },
  };
}

function reusedReport(files: readonly ReusedFile[]) {
  return files.map(({ path, from, patch, size, shipped }) => ({
    ...located(path),
    from: displayPath(from),
    how: patch === null ? 'copied' : 'patched',
    size,
    shipped,
  }));
}

function keyOf(item: Pick<InstalledPackage, 'name' | 'architecture'>): string {
  return `${item.name}:${item.architecture}`;
}

/** A path as the report has it; one that is not UTF-8 is percent-encoded, and says so. */
function located(path: string): { path: string; pathEncoding?: 'percent' } {
  return hasEscapes(path) ? { path: displayPath(path), pathEncoding: 'percent' } : { path };
}

function shownEvidence(evidence: Evidence) {
  return { ...evidence, ...located(evidence.path) };
}
