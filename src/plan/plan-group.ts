import type { BaseKnowledge } from '../model/base-contents.js';
import { type InstalledPackage, packageIdentity } from '../model/packages.js';
import type { BuildKey, GroupPlan, LayerPlan, MachinePlan, PlanOptions } from '../model/plan.js';
import { type AptSources, aptSources } from './base/apt-sources.js';
import { bootstrapPins } from './base/bootstrap-pins.js';
import { type BaseChoice, chooseBase } from './base/choose-base.js';
import { deadSources } from './base/dead-sources.js';
import { type MachineFiles, measureAll } from './files.js';
import type { MachineGroup } from './groups.js';
import { arrange } from './layers/arrangement.js';
import { baseLayer } from './layers/base-layer.js';
import { packageModes } from './layers/modes.js';
import { installName, layerId } from './layers/package-layers.js';
import { replacedLayer } from './layers/replaced.js';
import { strippedLayer } from './layers/stripped.js';
import { numberPackages } from './layers/tree-layers.js';
import type { Member } from './member.js';
import { machineMetrics } from './metrics.js';
import { describeMachine } from './plan-machine.js';
import { reducePackages } from './resolver/reduce.js';
import { useKnowledge } from './use-knowledge.js';

export function planGroup(
  group: MachineGroup,
  files: readonly MachineFiles[],
  options: PlanOptions,
  knowledge: BaseKnowledge | null = null,
): { group: GroupPlan; machines: MachinePlan[] } {
  const { os, packages: database } = group.machines[0]!;
  const architecture = database?.architecture ?? os.architecture;
  const told = knowledge === null ? null : useKnowledge(knowledge, architecture);
  const context = { manager: database?.manager ?? ('dpkg' as const), architecture, os, ...told?.reduction };
  const members = files.map((each): Member => {
    const all = each.machine.packages?.packages ?? [];
    return { files: each, packages: all.filter((item) => !item.kernel), reduction: reducePackages(all, context) };
  });

  const chosenBase = chooseBase(
    {
      os,
      mergedUsr: group.mergedUsr,
      isDpkg: database?.manager === 'dpkg',
      archives: database?.archives ?? [],
      ownTag: `vm2docker/${layerId(group.id, null, 'base', [])}`,
    },
    options,
  );
  const apt = database?.manager !== 'dpkg' ? null : aptSources(os, database, chosenBase, options);
  const others = database === null || apt !== null ? null : deadSources(os, database, chosenBase, options);
  const choice = withSources(chosenBase, apt, () =>
    // From the dependencies alone, so that the base is the same before and after its package manager was asked.
    members.map(({ files: { machine }, reduction }) =>
      told === null
        ? reduction.base
        : reducePackages(machine.packages?.packages ?? [], { manager: context.manager, architecture, os }).base,
    ),
  );
  const isScratch = choice.kind === 'scratch';
  const modes = packageModes(
    members.map((member) => ({
      packages: member.files.machine.packages?.packages ?? [],
      manager: context.manager,
      architecture: context.architecture,
      base: new Set(member.reduction.base.map(packageIdentity)),
      ...(told === null ? {} : { baseKeys: told.reduction.knownBase.keys }),
    })),
    options,
    isScratch,
    told,
  );
  const basePackages =
    told === null
      ? commonBase(
          members,
          (identity) => isScratch || modes.get(identity)?.mode !== 'disk' || options.packages === 'disk',
        )
      : anyBase(members);
  const base = baseLayer(group.id, files, basePackages, choice);
  const basePaths = told?.basePaths ?? null;
  const stripped =
    basePaths === null
      ? null
      : strippedLayer({ group: group.id, parent: base.id, machines: files }, basePackages, basePaths);
  // Nobody else's base may lose anything.
  const replaced =
    told === null || choice.kind !== 'bootstrap'
      ? null
      : replacedLayer({
          group: group.id,
          parent: stripped?.id ?? base.id,
          members,
          baseKeys: told.reduction.knownBase.keys,
          inBase: new Set(basePackages.map(packageIdentity)),
          modes,
        });
  const ground = [stripped, replaced].filter((layer) => layer !== null);
  const universe = numberPackages({
    ...{ members, context, modes },
    basePackages: [...basePackages, ...(replaced?.packages ?? [])],
  });
  const shared = {
    group: group.id,
    base,
    members,
    basePackages,
    modes,
    context,
    universe,
    ground,
    ...sourcesOf(apt, others),
  };
  const question = { ...shared, options, ...told?.layers };
  const thesis = members.length === 1 ? null : arrange({ ...question, options: { ...options, levels: 2 } }, isScratch);
  const wanted = thesis !== null && options.levels === 2 ? thesis : arrange(question, isScratch);
  // The tree is planned by packages, and what their files come to may differ a little.
  const chosen = thesis !== null && options.levels === null && thesis.stored < wanted.stored ? thesis : wanted;
  const machines = members.map((member, number) =>
    describeMachine(group.id, member, chosen.chains[number]!, context.architecture, choice, chosen.layers),
  );
  const layers = [base, ...chosen.layers];
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
      stored: {
        single: files.reduce((sum, each) => sum + measureAll(each).tar, 0),
        levels2: (thesis ?? chosen).stored,
        tree: chosen.stored,
      },
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

function sourcesOf(
  apt: AptSources | null,
  others: readonly string[] | null,
): { sources: readonly string[] | null; keys?: readonly BuildKey[] } {
  return apt === null ? { sources: others } : { sources: apt.lines, keys: apt.keys };
}

/** A root of our own is made from all sources of the build, with the machines' versions as far as they are there. */
function withSources(
  choice: BaseChoice,
  apt: AptSources | null,
  bases: () => readonly (readonly InstalledPackage[])[],
): BaseChoice {
  if (choice.bootstrap === undefined || apt === null) return choice;
  const { lines, keys } = apt;
  return { ...choice, bootstrap: { ...choice.bootstrap, sources: lines, keys, pins: bootstrapPins(bases()) } };
}

/** What the base as it is holds of some machine, in the machine's version. */
function anyBase(members: readonly Member[]): InstalledPackage[] {
  const all = members.flatMap((member) => member.reduction.base.map((item) => [packageIdentity(item), item] as const));
  return [...new Map(all).values()];
}

function withoutStandIn({ standIn: _, ...choice }: BaseChoice, base: LayerPlan): Omit<GroupPlan['base'], 'packages'> {
  return choice.kind === 'public' ? choice : { ...choice, reference: `vm2docker/${base.id}` };
}
