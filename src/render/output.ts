import type { InspectedMachine } from '../model/inspected.js';
import type { GroupPlan, LayerPlan, Plan } from '../model/plan.js';
import { bootstrapScript } from './bootstrap-script.js';
import { buildScript } from './build-script.js';
import { composeFiles } from './compose/index.js';
import { deletionList } from './dockerfile/deletions.js';
import { layerDockerfile } from './dockerfile/dockerfile.js';
import { layerFolder } from './layout.js';
import { mtreeManifest, visEncodePath } from './mtree.js';
import { outputReadme } from './readme.js';
import type { ReportOptions } from './report.js';

/** One file of the output folder; the archives (`diskArchives` in layout.ts) are written by who reads the disks. */
export interface OutputFile {
  readonly path: string;
  readonly content: string | Buffer;
  readonly executable?: boolean;
}

/**
 * Everything textual of the output folder (design §6). The same plan gives the same bytes, whatever the order of the
 * machines, the time zone or the locale; only `run` in `report.json` differs between runs.
 * @param report As {@link buildReport} made it of the same plan.
 */
export function* renderOutput(
  plan: Plan,
  machines: readonly InspectedMachine[],
  report: Record<string, unknown>,
  options: ReportOptions = {},
): Generator<OutputFile> {
  yield { path: 'report.json', content: `${JSON.stringify(report, null, 2)}\n` };
  yield { path: 'README.md', content: outputReadme(plan, options.showSecrets === true) };
  yield { path: 'build.sh', content: buildScript(plan), executable: true };
  const byName = new Map(machines.map((machine) => [machine.source.name, machine]));
  for (const group of plan.groups) {
    for (const layer of group.layers) yield* layerFiles(plan, group, layer, byName);
  }
  for (const machine of plan.machines) {
    for (const { path, content } of composeFiles(machine, options.showSecrets === true)) {
      yield { path: `vms/${machine.slug}/${path}`, content };
    }
  }
}

function* layerFiles(
  plan: Plan,
  group: GroupPlan,
  layer: LayerPlan,
  machines: ReadonlyMap<string, InspectedMachine>,
): Generator<OutputFile> {
  if (layer.kind === 'base' && group.base.kind === 'public') return;
  const folder = layerFolder(plan, group, layer);
  yield { path: `${folder}/Dockerfile`, content: layerDockerfile(plan, group, layer) };
  if (layer.kind === 'base' && group.base.kind === 'bootstrap') {
    yield { path: `${folder}/bootstrap.sh`, content: bootstrapScript(group), executable: true };
  }
  if (layer.kind !== 'delta') return;
  yield { path: `${folder}/deletions`, content: deletionList(layer.deletions ?? []) };
  yield { path: `${folder}/delta.list`, content: lineList(layer.paths ?? []) };
  yield {
    path: `${folder}/manifest.mtree`,
    content: [...mtreeManifest(machines.get(layer.vms[0]!)!)].join(''),
  };
}

function lineList(paths: readonly string[]): string {
  return paths.map((path) => `${visEncodePath(path)}\n`).join('');
}
