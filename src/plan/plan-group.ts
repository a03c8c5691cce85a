import { type InstalledPackage, packageIdentity } from '../model/packages.js';
import type { GroupPlan, LayerPlan, MachinePlan, PlanOptions } from '../model/plan.js';
import { aptSources } from './base/apt-sources.js';
import { type BaseChoice, chooseBase } from './base/choose-base.js';
import { type MachineFiles, measure } from './files.js';
import type { MachineGroup } from './groups.js';
import { baseLayer } from './layers/base-layer.js';
import { deltaLayer } from './layers/delta.js';
import { packageModes } from './layers/modes.js';
import { installName, layerId } from './layers/package-layers.js';
import { layersOfTree } from './layers/tree-layers.js';
import type { Member } from './member.js';
import { machineMetrics } from './metrics.js';
import { describeMachine } from './plan-machine.js';
import { reducePackages } from './resolver/reduce.js';

export function planGroup(
  group: MachineGroup,
  files: readonly MachineFiles[],
  options: PlanOptions,
): { group: GroupPlan; machines: MachinePlan[] } {
  const { os, packages: database } = group.machines[0]!;
  const context = {
    manager: database?.manager ?? ('dpkg' as const),
    architecture: database?.architecture ?? os.architecture,
    os,
  };
  const members = files.map((each): Member => {
    const all = each.machine.packages?.packages ?? [];
    return { files: each, packages: all.filter((item) => !item.kernel), reduction: reducePackages(all, context) };
  });

  const choice = chooseBase(
    {
      os,
      mergedUsr: group.mergedUsr,
      isDpkg: database?.manager === 'dpkg',
      archives: database?.archives ?? [],
      ownTag: `vm2docker/${layerId(group.id, null, 'base', [])}`,
    },
    options,
  );
  const isScratch = choice.kind === 'scratch';
  const modes = packageModes(
    members.map((member) => ({
      packages: member.files.machine.packages?.packages ?? [],
      manager: context.manager,
      architecture: context.architecture,
      base: new Set(member.reduction.base.map(packageIdentity)),
    })),
    options,
    isScratch,
  );
  const basePackages = commonBase(
    members,
    (identity) => isScratch || modes.get(identity)?.mode !== 'disk' || options.packages === 'disk',
  );
  const base = baseLayer(group.id, files, basePackages, choice);
  const sources = database === null ? null : aptSources(os, database, choice, options);
  const { layers: middle, chains } = layersOfTree({
    group: group.id,
    base,
    members,
    basePackages,
    modes,
    context,
    sources,
    options,
  });

  const byId = new Map([base, ...middle].map((layer) => [layer.id, layer]));
  const sourceOf = new Map(
    [base, ...middle].map((layer) => [layer.id, files.find(({ machine }) => machine.source.name === layer.vms[0])!]),
  );
  const deltas = members.map((member, number) => {
    const chain = chains[number]!.map((id) => byId.get(id)!);
    return deltaLayer({
      group: group.id,
      files: member.files,
      chain,
      sourceOf,
      installed: installedBelow(chain, isScratch),
    });
  });
  const machines = members.map((member, number) =>
    describeMachine(group.id, member, [...chains[number]!, deltas[number]!.id], context.architecture, choice),
  );
  const layers = [base, ...middle, ...deltas];
  return {
    group: {
      id: group.id,
      os,
      vms: machines.map(({ name }) => name),
      base: {
        ...withoutStandIn(choice, base),
        packages: basePackages.map((item) => installName(item, context.architecture)),
      },
      layers,
      stored: stored(files, layers, base),
      metrics: machines.map((machine) =>
        machineMetrics(
          {
            vm: machine.name,
            basis: 'predicted',
            beta: machine.sizes.bare,
            chain: layers.filter((layer) => machine.chain.includes(layer.id)),
            groupSize: machines.length,
          },
          (layer) => layer.size.predicted,
        ),
      ),
    },
    machines,
  };
}

/** What the base of every machine holds, in the same version. */
function commonBase(members: readonly Member[], fits: (identity: string) => boolean): InstalledPackage[] {
  const [first, ...others] = members.map(
    (member) => new Map(member.reduction.base.map((item) => [packageIdentity(item), item])),
  );
  return [...(first ?? [])]
    .filter(([identity]) => fits(identity) && others.every((other) => other.has(identity)))
    .map(([, item]) => item);
}

/** Packages that a package manager put there, in the base or in a layer, so that it knows more of them than we do. */
function installedBelow(chain: readonly LayerPlan[], isScratch: boolean): InstalledPackage[] {
  return chain
    .filter((layer) => layer.mode === 'install' || (layer.kind === 'base' && !isScratch))
    .flatMap((layer) => layer.packages);
}

function withoutStandIn({ standIn: _, ...choice }: BaseChoice, base: LayerPlan): Omit<GroupPlan['base'], 'packages'> {
  return choice.kind === 'public' ? choice : { ...choice, reference: `vm2docker/${base.id}` };
}

/** Bytes of uncompressed layer archives in three arrangements. */
function stored(files: readonly MachineFiles[], layers: readonly LayerPlan[], base: LayerPlan): GroupPlan['stored'] {
  const single = files.map((each) => measure(each, [...each.kept.keys()]).tar).reduce((sum, tar) => sum + tar, 0);
  const tree = layers.reduce((sum, layer) => sum + layer.tar.predicted, 0);
  return { single, levels2: base.tar.predicted + twoLevels(files, layers), tree };
}

/** The thesis's arrangement: packages of every machine once, the others once for each machine that has them. */
function twoLevels(files: readonly MachineFiles[], layers: readonly LayerPlan[]): number {
  return layers
    .filter((layer) => layer.kind !== 'base')
    .map((layer) => layer.tar.predicted * (layer.vms.length === files.length ? 1 : layer.vms.length))
    .reduce((sum, tar) => sum + tar, 0);
}
