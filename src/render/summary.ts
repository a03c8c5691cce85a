import type { InspectedMachine } from '../model/inspected.js';
import { displayPath } from '../model/path.js';
import type { GroupPlan, LayerPlan, MachineMetrics, MachinePlan, Plan, SizePlan } from '../model/plan.js';
import type { ListeningPort } from '../model/services.js';
import { maskCommand } from '../syntax/secret-words.js';
import { quoteShell } from '../syntax/shell.js';
import { layerTag } from './layout.js';
import { alignColumns, humanSize, oneLine } from './text.js';

export interface SummaryOptions {
  /** Whether bold and dim may be used. */
  readonly colors: boolean;
  /** Folder the output went to, as the user wrote it. */
  readonly outputFolder: string;
  /** The command to type next, or null. */
  readonly nextCommand: string | null;
  /** Sizes of layers that were built, by id: they stand in place of what was predicted. */
  readonly built?: ReadonlyMap<string, { readonly size: number }>;
}

const MAX_LINES = 8;
const MAX_SERVICES = 20;
const MAX_WIDTH = 160;
const SEVERITY_ORDER = { blocker: 0, warning: 1, info: 2 } as const;

/** What a person reads after a run: each machine, its layers, what was left out and why, what to look at. */
export function renderSummary(plan: Plan, machines: readonly InspectedMachine[], options: SummaryOptions): string {
  const style = styles(options.colors);
  const byName = new Map(machines.map((machine) => [machine.source.name, machine]));
  const lines: string[] = [];
  for (const planned of plan.machines) {
    const group = plan.groups.find(({ id }) => id === planned.group)!;
    lines.push(...machineLines(plan, group, planned, byName.get(planned.name)!, { style, built: options.built }), '');
  }
  for (const group of plan.groups.filter(({ vms }) => vms.length > 1)) lines.push(...groupLines(group, style), '');
  lines.push(`${style.bold('Written')}   ${oneLine(options.outputFolder)}`);
  if (options.nextCommand !== null) lines.push(`${style.bold('Next')}      ${oneLine(options.nextCommand)}`);
  const starts = startLines(plan, options.outputFolder);
  if (starts.length > 0) lines.push(`${style.bold('Then')}      ${starts.join('\n          ')}`);
  return `${lines.join('\n')}\n`;
}

function machineLines(
  plan: Plan,
  group: GroupPlan,
  planned: MachinePlan,
  machine: InspectedMachine,
  { style, built }: { readonly style: Styles; readonly built: SummaryOptions['built'] },
): string[] {
  const own = group.metrics.filter(({ vm }) => vm === planned.name);
  const metrics = own.find(({ basis }) => basis === 'built') ?? own[0]!;
  return [
    style.bold(oneLine(planned.name)),
    ...indented(alignColumns(factRows(planned, machine))),
    ...section('Layers', layerLines(plan, group, planned, { metrics, built }), style),
    ...section('Left out', excludedLines(planned, machine), style),
    ...section('Services', serviceLines(planned, machine), style),
    ...section('Secrets', secretLines(machine), style),
    ...section('Look at', findingLines(planned, machine), style),
    ...section('Problems', problemLines(planned, machine), style),
  ];
}

function factRows(planned: MachinePlan, machine: InspectedMachine): string[][] {
  const { os, source, kernels, packages } = machine;
  const kernel = kernels[0] === undefined ? '' : `, kernel ${kernels.at(-1)!.version}`;
  const hardware = [
    ...(source.hardware.cpus === undefined ? [] : [`${source.hardware.cpus} CPUs`]),
    ...(source.hardware.memory === undefined ? [] : [`${humanSize(source.hardware.memory)} memory`]),
  ];
  const rows = [['System', `${os.prettyName}, ${os.architecture ?? 'unknown architecture'}${kernel}`]];
  if (hardware.length > 0) rows.push(['Hardware', hardware.join(', ')]);
  source.disks.forEach((disk, index) => {
    const format = disk.subformat === undefined ? disk.format : `${disk.format} ${disk.subformat}`;
    const sizes = `${humanSize(disk.virtualSize)}, ${humanSize(disk.allocatedSize)} on the host`;
    rows.push([index === 0 ? 'Disks' : '', `${disk.path}  ${format}, ${sizes}`]);
  });
  if (source.root !== undefined) rows.push(['Root', `${source.root.path}  ${source.root.kind}`]);
  machine.filesystems.forEach((each, index) => {
    const size = each.size === null ? '' : `, ${humanSize(each.size)}`;
    const used = each.used === null ? '' : `, ${humanSize(each.used)} used`;
    const mountpoint = each.mountpoint === null ? 'not mounted' : displayPath(each.mountpoint);
    rows.push([index === 0 ? 'Mounts' : '', `${mountpoint}  ${each.device} ${each.type}${size}${used}`]);
  });
  rows.push(['Packages', packages === null ? 'no package database' : packageFacts(planned, machine)]);
  rows.push([
    'Size',
    `${humanSize(planned.sizes.used)} in files, ${humanSize(planned.sizes.bare)} without what is left out`,
  ]);
  return rows.map((row) => row.map(oneLine));
}

function packageFacts({ reduction }: MachinePlan, machine: InspectedMachine): string {
  const { manager, packages } = machine.packages!;
  if (reduction.before === 0) return `${packages.length} (${manager})`;
  const saved = Math.round(100 * (1 - reduction.after / reduction.before));
  return `${packages.length} (${manager}); ${reduction.before} beyond the base, ${reduction.after} need naming (${saved} % fewer)`;
}

function layerLines(
  plan: Plan,
  group: GroupPlan,
  planned: MachinePlan,
  { metrics, built }: { readonly metrics: MachineMetrics; readonly built: SummaryOptions['built'] },
): string[] {
  const chain = planned.chain.map((id) => group.layers.find((layer) => layer.id === id)!);
  const rows = chain.map((layer) => [
    layerName(layer, group),
    layerTag(plan, group, layer),
    layerContent(layer),
    sizeText(layer.size, built?.get(layer.id)?.size),
  ]);
  const total = `${humanSize(metrics.phi3)} in all; χ = ${metrics.chi.toFixed(1)} % of the machine lies in layers that others can share`;
  return [
    ...alignColumns(
      rows.map((row) => row.map(oneLine)),
      [3],
    ),
    total,
  ];
}

function layerName(layer: LayerPlan, group: GroupPlan): string {
  if (layer.kind === 'base') return 'DI0';
  if (layer.kind === 'delta') return 'DI3';
  return layer.vms.length > 1 || group.vms.length === 1 ? 'DI1' : 'DI2';
}

function layerContent(layer: LayerPlan): string {
  if (layer.kind === 'delta') {
    const deletions = layer.deletions?.length ?? 0;
    return `${layer.paths?.length ?? 0} paths${deletions === 0 ? '' : `, ${deletions} deleted`}`;
  }
  if (layer.kind === 'files') return `${layer.paths?.length ?? 0} paths in common`;
  const named = layer.install === undefined ? '' : `, ${layer.install.named.length} named`;
  const mode = layer.mode === undefined ? '' : layer.mode === 'install' ? ', installed' : ', from the disk';
  return `${layer.packages.length} packages${mode}${named}`;
}

function sizeText({ predicted, interval }: SizePlan, built?: number): string {
  if (built !== undefined) return humanSize(built);
  if (interval === undefined) return humanSize(predicted);
  return interval.low === interval.high ? humanSize(predicted) : `about ${humanSize(predicted)}`;
}

function excludedLines(planned: MachinePlan, machine: InspectedMachine): string[] {
  const reasons = new Map<string, string>();
  for (const { excluded } of machine.files.records.values()) {
    if (excluded !== undefined && !reasons.has(excluded.class)) reasons.set(excluded.class, excluded.reason);
  }
  // Empty lock files and folders weigh nothing; the report names them.
  const weighing = Object.entries(planned.sizes.excluded).filter(([, bytes]) => bytes > 0);
  const rows = weighing.map(([name, bytes]) => [name, humanSize(bytes), reasons.get(name) ?? '', `--keep ${name}`]);
  const unrepresentable = planned.unrepresentable.map(({ path, reason }) => `${displayPath(path)}: ${reason}`);
  return [
    ...alignColumns(
      rows.map((row) => row.map(oneLine)),
      [1],
    ),
    ...shortened(unrepresentable),
  ];
}

function serviceLines({ containers }: MachinePlan, machine: InspectedMachine): string[] {
  const enabled = machine.services.filter((service) => service.enabled);
  const applications = enabled.filter(({ role }) => role === 'application');
  const rows = applications.map((service) => [
    service.name,
    service.user,
    portsText(service.ports),
    maskCommand(service.command).join(' ').slice(0, 60),
  ]);
  const without = (containers?.left ?? []).filter(
    ({ role, name }) => role === 'application' && applications.some((each) => each.name === name),
  );
  const systems = enabled.length - applications.length;
  return [
    ...shortened(alignColumns(rows.map((row) => row.map(oneLine))), MAX_SERVICES),
    ...without.map(({ name, reason }) => oneLine(`no container for ${name}: ${reason}`)),
    ...(systems === 0 ? [] : [`and ${systems} of the system, which containers do not need (report.json has them)`]),
  ];
}

/** Each port once; one that only the machine itself reaches says so. */
function portsText(ports: readonly ListeningPort[]): string {
  const isLocal = ({ address }: ListeningPort): boolean => address === '::1' || address.startsWith('127.');
  const open = new Set(ports.filter((port) => !isLocal(port)).map(({ port, protocol }) => `${port}/${protocol}`));
  const local = ports.filter(isLocal).map(({ port, protocol }) => `${port}/${protocol}`);
  return [...open, ...new Set(local.filter((text) => !open.has(text)).map((text) => `local ${text}`))].join(', ');
}

/** The last lines: what starts the machines as containers, once their images are built. */
function startLines(plan: Plan, outputFolder: string): string[] {
  return plan.machines
    .filter(({ containers }) => (containers?.holder ?? null) !== null)
    .slice(0, MAX_LINES)
    .map(({ slug }) => `docker compose -f ${quoteShell(oneLine(`${outputFolder}/vms/${slug}/compose.yaml`))} up -d`);
}

function secretLines(machine: InspectedMachine): string[] {
  const kinds = new Map<string, string[]>();
  for (const { entry, secret, excluded } of machine.files.records.values()) {
    if (secret === undefined || excluded !== undefined) continue;
    kinds.set(secret, [...(kinds.get(secret) ?? []), displayPath(entry.path)]);
  }
  const rows = [...kinds].map(([kind, paths]) => [
    kind,
    `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`,
  ]);
  return alignColumns(rows.map((row) => row.map(oneLine)));
}

function findingLines(planned: MachinePlan, machine: InspectedMachine): string[] {
  const findings = [...machine.fit, ...planned.fit].sort(
    (a, b) => SEVERITY_ORDER[a.severity] - SEVERITY_ORDER[b.severity],
  );
  const rows = findings.map(({ severity, message }) => [severity, oneLine(message)]);
  return shortened(alignColumns(rows));
}

function problemLines(planned: MachinePlan, machine: InspectedMachine): string[] {
  return shortened(
    [...machine.problems, ...planned.problems].map(({ path, reason }) => oneLine(`${displayPath(path)}: ${reason}`)),
  );
}

function groupLines(group: GroupPlan, style: Styles): string[] {
  const { single, levels2, tree } = group.stored;
  const rows = [
    ['each machine as one archive', humanSize(single)],
    ["the thesis's two levels", humanSize(levels2)],
    ['these layers', humanSize(tree)],
  ];
  return [style.bold(`${group.vms.length} machines of ${oneLine(group.id)}`), ...indented(alignColumns(rows, [1]))];
}

function section(title: string, lines: readonly string[], style: Styles): string[] {
  return lines.length === 0 ? [] : [`  ${style.dim(title)}`, ...lines.map((line) => `    ${line}`)];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}

function shortened(lines: readonly string[], limit = MAX_LINES): string[] {
  const cut = lines.map((line) => (line.length <= MAX_WIDTH ? line : `${line.slice(0, MAX_WIDTH - 1)}…`));
  if (cut.length <= limit) return cut;
  return [...cut.slice(0, limit - 1), `and ${cut.length - limit + 1} more: see report.json`];
}

interface Styles {
  bold(text: string): string;
  dim(text: string): string;
}

function styles(colors: boolean): Styles {
  return {
    bold: (text) => (colors ? `\u001b[1m${text}\u001b[22m` : text),
    dim: (text) => (colors ? `\u001b[2m${text}\u001b[22m` : text),
  };
}
