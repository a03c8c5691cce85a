import { displayPath } from '../model/path.js';
import type { GroupPlan, MachineMetrics, Plan } from '../model/plan.js';
import type { AreaSize, FileSize, FleetSizing, MachineSizing, NamedSize } from '../model/sizing.js';
import { alignColumns, humanSize, oneLine } from './text.js';

/** The size report as a person reads it: groups, their machines, then what each machine is made of. */
export function sizingText(plan: Plan, sizing: FleetSizing): string {
  const lines: string[] = [];
  for (const group of plan.groups) lines.push(...groupLines(group, sizing), '');
  for (const machine of sizing.machines) lines.push(...machineLines(machine), '');
  lines.push(...duplicateLines(sizing));
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The size report as plain data for the report document. */
export function sizingReport(sizing: FleetSizing): Record<string, unknown> {
  const shown = <Item extends NamedSize>(items: readonly Item[]) =>
    items.map((item) => ({ ...item, name: displayPath(item.name) }));
  const area = ({ size, largest }: AreaSize) => ({ size, largest: shown(largest) });
  return {
    machines: sizing.machines.map((machine) => ({
      ...machine,
      trees: shown(machine.trees),
      caches: area(machine.caches),
      logs: area(machine.logs),
      data: shown(machine.data),
      sparse: shown(machine.sparse),
      large: shown(machine.large),
    })),
    duplicates:
      sizing.duplicates === null
        ? null
        : {
            ...sizing.duplicates,
            largest: sizing.duplicates.largest.map((each) => ({
              ...each,
              places: each.places.map(({ vm, path }) => ({ vm, path: displayPath(path) })),
            })),
          },
  };
}

const CSV_COLUMNS =
  'group,vm,apparent,allocated,compressed,beta,di0,di1,di2,di3,di3_low,di3_high,phi1,phi2,phi3,chi,xi,group_single,group_levels2,group_tree';

/** One line for each machine, bytes throughout (RFC 4180); the bytes stored for its group are repeated on each. */
export function sizingCsv(plan: Plan, sizing: FleetSizing): string {
  const rows = plan.groups.flatMap((group) =>
    group.metrics.map((metrics) => {
      const machine = machineOf(sizing, metrics.vm);
      const { di0, di1, di2, di3 } = metrics;
      const { single, levels2, tree } = group.stored;
      return [
        ...[group.id, metrics.vm, machine.apparent, machine.allocated, machine.compressed],
        ...[metrics.beta, di0, di1, di2, di3, machine.delta.low, machine.delta.high],
        ...[di0 + di1, di0 + di1 + di2, metrics.phi3, metrics.chi.toFixed(2), metrics.xi ?? ''],
        ...[single, levels2, tree],
      ];
    }),
  );
  return [CSV_COLUMNS, ...rows.map((row) => row.map(csvCell).join(','))].map((line) => `${line}\r\n`).join('');
}

function groupLines(group: GroupPlan, sizing: FleetSizing): string[] {
  const { single, levels2, tree } = group.stored;
  const count = `${group.vms.length} ${group.vms.length === 1 ? 'machine' : 'machines'}`;
  const heading = ['', 'bare', 'DI0', 'DI1', 'DI2', 'DI3', 'Φ3', 'χ', 'Ξ'];
  const rows = group.metrics.map((metrics) => metricsRow(metrics, machineOf(sizing, metrics.vm)));
  const stored = [
    ['each machine as one archive', humanSize(single)],
    ["the thesis's two levels", humanSize(levels2)],
    ['these layers', humanSize(tree)],
  ];
  return [
    `${oneLine(group.os.prettyName)} (${group.id}): ${count} on ${oneLine(group.base.reference)}`,
    ...indented(alignColumns([heading, ...rows], [1, 2, 3, 4, 5, 6, 7, 8])),
    '',
    `  Stored, predicted, in ${group.layers.length} layers`,
    ...indented(indented(alignColumns(stored, [1]))),
    ...indented(rangedDeltas(group, sizing)),
  ];
}

function metricsRow(metrics: MachineMetrics, { delta }: MachineSizing): string[] {
  const { beta, di0, di1, di2, phi3, chi, xi } = metrics;
  const di3 =
    delta.low === delta.high ? humanSize(delta.predicted) : `${humanSize(delta.low)} to ${humanSize(delta.high)}`;
  return [
    oneLine(metrics.vm),
    ...[beta, di0, di1, di2].map(humanSize),
    di3,
    humanSize(phi3),
    `${chi.toFixed(1)} %`,
    xi === null ? '–' : String(xi),
  ];
}

function rangedDeltas({ vms }: GroupPlan, sizing: FleetSizing): string[] {
  const ranged = vms.map((vm) => machineOf(sizing, vm)).filter(({ delta }) => delta.low < delta.high);
  if (ranged.length === 0) return [];
  const names = ranged.map(({ name }) => oneLine(name)).join(', ');
  return ['', `DI3 of ${names} lies ${ranged[0]!.delta.reason}.`];
}

function machineLines(machine: MachineSizing): string[] {
  const facts = `${humanSize(machine.apparent)} in files, ${humanSize(machine.allocated)} allocated, about ${humanSize(machine.compressed)} as compressed layers`;
  return [
    oneLine(machine.name),
    `  ${facts}`,
    ...section('Largest packages', machine.packages),
    ...section('Largest trees', machine.trees),
    ...section(`Caches, ${humanSize(machine.caches.size)}`, machine.caches.largest),
    ...section(`Logs, ${humanSize(machine.logs.size)}`, machine.logs.largest),
    ...section('Data', machine.data),
    ...section('Sparse files (allocated)', machine.sparse, true),
    ...section('Huge files', machine.large),
  ];
}

function section(title: string, items: readonly NamedSize[], withAllocated = false): string[] {
  const filled = items.filter(({ size }) => size > 0);
  if (filled.length === 0) return [];
  const rows = filled.map((item) => [
    humanSize(item.size),
    ...(withAllocated ? [humanSize((item as FileSize).allocated)] : []),
    oneLine(displayPath(item.name)),
  ]);
  return [`  ${title}`, ...indented(indented(alignColumns(rows, withAllocated ? [0, 1] : [0])))];
}

function duplicateLines({ machines, duplicates }: FleetSizing): string[] {
  if (machines.length < 2) return [];
  if (duplicates === null) return ['Duplicates between machines are found when content is read: without --quick.'];
  const rows = duplicates.largest.map(({ size, places }) => [
    humanSize(size),
    places.map(({ vm, path }) => `${oneLine(vm)}:${oneLine(displayPath(path))}`).join('  '),
  ]);
  return [
    `Identical files on several machines: ${humanSize(duplicates.identical)}, of which these layers still store ${humanSize(duplicates.unshared)} more than once`,
    ...indented(alignColumns(rows, [0])),
  ];
}

function machineOf(sizing: FleetSizing, name: string): MachineSizing {
  return sizing.machines.find((machine) => machine.name === name)!;
}

/** Quoted where RFC 4180 asks for it, and where a spreadsheet would read a formula. */
function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
