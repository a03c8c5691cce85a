import type { InstalledPackage } from '../../model/packages.js';
import type { LayerPlan } from '../../model/plan.js';
import { deltaLayer } from './delta.js';
import { fileLayers } from './file-layers.js';
import { layersOfTree, type TreeQuestion } from './tree-layers.js';

/** All layers of a group above its base, and what they store. */
export interface Arrangement {
  /** Parents first, deltas last in the order of the machines. */
  readonly layers: readonly LayerPlan[];
  /** By machine the ids from the base to its delta. */
  readonly chains: readonly (readonly string[])[];
  /** Bytes of the archives, the base included. */
  readonly stored: number;
}

/** Package layers at most as many levels high as the options say, file layers where the number is free, deltas. */
export function arrange(question: TreeQuestion, isScratch: boolean): Arrangement {
  const { base, group, members, options } = question;
  const machines = members.map(({ files }) => files);
  const tree = layersOfTree(question);
  const byId = new Map([base, ...tree.layers].map((layer) => [layer.id, layer]));
  const sourceOf = new Map(
    [...byId.values()].map((layer) => [
      layer.id,
      machines.find(({ machine }) => machine.source.name === layer.vms[0])!,
    ]),
  );
  const installedIn = (chain: readonly LayerPlan[]) => installedBelow(chain, isScratch);
  // The thesis's levels are of packages alone.
  const wantsFiles = options.levels === null || options.levels > 2;
  const shared = wantsFiles
    ? fileLayers({
        group,
        machines,
        chains: tree.chains,
        layers: byId,
        sourceOf,
        installedIn,
        minBytes: options.minLayerSize ?? 0,
      })
    : { layers: [], chains: tree.chains };
  for (const layer of shared.layers) {
    byId.set(layer.id, layer);
    sourceOf.set(layer.id, machines.find(({ machine }) => machine.source.name === layer.vms[0])!);
  }
  const deltas = machines.map((files, number) => {
    const chain = shared.chains[number]!.map((id) => byId.get(id)!);
    return deltaLayer({ group, files, chain, sourceOf, installed: installedIn(chain) });
  });
  const layers = [...tree.layers, ...shared.layers, ...deltas];
  return {
    layers,
    chains: shared.chains.map((chain, number) => [...chain, deltas[number]!.id]),
    stored: [base, ...layers].reduce((sum, layer) => sum + layer.tar.predicted, 0),
  };
}

/** Packages that a package manager put there, in the base or in a layer, so that it knows more of them than we do. */
function installedBelow(chain: readonly LayerPlan[], isScratch: boolean): InstalledPackage[] {
  return chain
    .filter((layer) => layer.mode === 'install' || (layer.kind === 'base' && !isScratch))
    .flatMap((layer) => layer.packages);
}
