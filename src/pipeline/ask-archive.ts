import { resolve } from 'node:path';
import type { Workbench } from '../engine/index.js';
import { AppError } from '../errors.js';
import type { Corrections } from '../model/base-contents.js';
import { type InstalledPackage, packageIdentity } from '../model/packages.js';
import type { GroupPlan, InstallPlan, LayerPlan, Plan } from '../model/plan.js';
import { installName } from '../plan/layers/package-layers.js';
import {
  aptCache,
  aptGet,
  aptInstall,
  aptPins,
  aptSetup,
  CREDENTIALS_MOUNT,
  DEBS_MOUNT,
  setNames,
} from '../render/dockerfile/apt-setting.js';
import {
  parseFailedFetches,
  parseMadison,
  parseSimulation,
  parseUnknown,
  parseUnmet,
  type SimulatedPackage,
} from '../syntax/apt-output.js';
import { lastLines } from '../tools/run.js';
import type { BuildOptions } from './build-layer.js';
import {
  type Correcting,
  correction,
  correctPlan,
  fromDisk,
  groupOf,
  installLayers,
  topmostChains,
} from './correct-plan.js';

const MAX_ROUNDS = 20;

/**
 * Asks the package manager of each base which versions it can have, then has it simulate the plan and fetch what that
 * needs, and corrects the plan until both succeed. Only dpkg's family is asked.
 * @throws AppError `archive-unreachable`.
 */
export async function learnOffers(informed: Plan, asking: Correcting): Promise<Plan> {
  const { knowledge, replan, options } = asking;
  let plan = informed;
  for (const { id } of informed.groups) {
    const first = installLayers(groupOf(plan, id))[0]?.install;
    const known = knowledge.get(id);
    if (first?.manager !== 'dpkg' || known === undefined) continue;
    const bench = await openBench(groupOf(plan, id), options);
    try {
      knowledge.set(id, { ...known, offered: await askOffers(bench, groupOf(plan, id), first, options) });
      plan = await correctPlan(replan(knowledge), id, asking, {
        most: MAX_ROUNDS,
        find: async (_, group, { number, isLate }) => {
          options.progress.step(id, number === 1 ? 'simulating the installation' : `simulating it again (${number})`);
          return await check(bench, group, isLate);
        },
      });
      const different = await differentVersions(bench, groupOf(plan, id));
      if (different.size === 0) continue;
      knowledge.set(id, { ...knowledge.get(id)!, different });
      plan = replan(knowledge);
    } finally {
      await bench.close();
    }
  }
  return plan;
}

async function openBench(
  group: GroupPlan,
  { engine, log, signal, environment, credentials }: BuildOptions,
): Promise<Workbench> {
  const secret = credentials?.get(group.id);
  const folder = installLayers(group).flatMap(({ install }) => install!.debs ?? [])[0]?.folder;
  const mounts = [
    ...(folder === undefined ? [] : [{ source: resolve(folder), target: DEBS_MOUNT }]),
    ...(secret === undefined ? [] : [{ source: resolve(secret), target: CREDENTIALS_MOUNT }]),
  ];
  return await engine.workbench({ reference: group.base.reference, mounts }, { log, signal, environment });
}

/** Every version that the sources of the build have, of every package that some machine has beyond the base. */
async function askOffers(
  bench: Workbench,
  group: GroupPlan,
  install: InstallPlan,
  { progress, log }: BuildOptions,
): Promise<Map<string, Set<string>>> {
  progress.step(group.id, 'asking which versions its archives offer');
  const packages = group.layers.filter(({ kind }) => kind === 'packages').flatMap((layer) => layer.packages);
  const names = [...new Set(packages.map((item) => installName(item, group.os.architecture)))].filter(isWord).sort();
  const { exitCode, stdout, stderr } = await bench.run(
    [
      'set -eu',
      ...aptSetup({ ...install, foreignArchitectures: foreignOf(packages, group) }),
      `${aptGet(install)} update >&2 || echo 'some sources cannot be read' >&2`,
      setNames(names),
      `${aptCache(install)} madison "$@"`,
    ].join('\n'),
  );
  for (const line of stderr.split('\n')) log(line);
  const offered = parseMadison(stdout);
  if (exitCode !== 0 || (offered.size === 0 && names.length > 0)) {
    const isForced = installLayers(group).some(({ reason }) => reason?.includes('--packages install') === true);
    if (isForced) throw unreachable(group, stderr);
    progress.note(`${group.base.reference} reaches none of its archives: every package is laid down from the disk`);
  }
  return offered;
}

/** What is simulated as a whole. */
function installations(group: GroupPlan): LayerPlan[][] {
  return topmostChains(group).map((chain) => chain.filter(({ install }) => install !== undefined));
}

/** What has to change so that the installation brings what the plan says; null when it does. */
async function check(bench: Workbench, group: GroupPlan, isLate: boolean): Promise<Corrections | null> {
  for (const chain of installations(group)) {
    const found = await checkChain(bench, group, chain);
    if (found === null) continue;
    const isEmpty = found.fromDisk.size === 0 && found.named.size === 0 && found.unwanted.size === 0;
    if (!isEmpty && !isLate) return found;
    return { ...found, fromDisk: fromDisk(chain, 'its archive cannot install it together with the others') };
  }
  return null;
}

async function checkChain(
  bench: Workbench,
  group: GroupPlan,
  chain: readonly LayerPlan[],
): Promise<Corrections | null> {
  const install = chainPlan(chain);
  const begin = beginning(install);
  const simulated = await bench.run([...begin, `${aptInstall(install)} -s "$@"`].join('\n'));
  const wanted = new Map(
    chain.flatMap((layer) =>
      layer.packages.map((item) => [installName(item, group.os.architecture), { item, layer }] as const),
    ),
  );
  if (simulated.exitCode !== 0) {
    const text = `${simulated.stdout}\n${simulated.stderr}`;
    const culprits = [...parseUnmet(text), ...parseUnknown(text)].flatMap((name) => wanted.get(name)?.item ?? []);
    const reason = 'its version cannot be installed beside the others that its archive offers';
    return correction({ fromDisk: new Map(culprits.map((item) => [packageIdentity(item), reason])) });
  }
  const differing = differences(parseSimulation(simulated.stdout).installed, wanted, group);
  if (differing !== null) return differing;
  const fetched = await bench.run(
    [...begin, `${aptInstall(install)} --download-only "$@" >&2`, `${aptGet(install)} clean`].join('\n'),
  );
  if (fetched.exitCode === 0) return null;
  const lost = parseFailedFetches(fetched.stderr);
  const items = chain.flatMap((layer) => layer.packages).filter((item) => lost.some((file) => isFileOf(file, item)));
  const reason = 'its archive names this version and no longer has the file';
  return correction({ fromDisk: new Map(items.map((item) => [packageIdentity(item), reason])) });
}

function beginning(install: InstallPlan): string[] {
  const pins = aptPins({ ...install, isChecked: true });
  return ['set -eu', ...aptSetup(install), ...pins, setNames(install.named, install.debs)];
}

/** What is installed in another version than the machines have, because theirs is gone and they were told to install. */
async function differentVersions(bench: Workbench, group: GroupPlan): Promise<Map<string, string>> {
  const different = new Map<string, string>();
  for (const chain of installations(group)) {
    const install = chainPlan(chain);
    const isExact = chain.every(({ packages }) =>
      packages.every((item) => isPinned(install, installName(item, group.os.architecture), item.version)),
    );
    if (isExact && (install.debs ?? []).length === 0) continue;
    const { stdout } = await bench.run([...beginning(install), `${aptInstall(install)} -s "$@"`].join('\n'));
    const found = new Map(parseSimulation(stdout).installed.map((each) => [`${each.name}:${each.architecture}`, each]));
    for (const item of chain.flatMap(({ packages }) => packages)) {
      const version = found.get(`${item.name}:${item.architecture}`)?.version;
      if (version !== undefined && version !== item.version) different.set(packageIdentity(item), version);
    }
  }
  return different;
}

type Wanted = ReadonlyMap<string, { readonly item: InstalledPackage; readonly layer: LayerPlan }>;

function differences(installed: readonly SimulatedPackage[], wanted: Wanted, group: GroupPlan): Corrections | null {
  const native = group.os.architecture;
  const byName = new Map(
    installed.map((each) => [
      each.architecture === native || each.architecture === 'all' ? each.name : `${each.name}:${each.architecture}`,
      each,
    ]),
  );
  const named = new Set<string>();
  const given = new Map<string, string>();
  for (const [name, { item, layer }] of wanted) {
    const found = byName.get(name);
    const identity = packageIdentity(item);
    if (found === undefined) {
      // Named already, and still not installed: the base has it in this version, or nothing can be done.
      if (layer.install!.named.includes(name)) given.set(identity, 'the package manager does not install it');
      else named.add(identity);
    } else if (found.version !== item.version && isPinned(layer.install!, name, item.version)) {
      given.set(identity, `version ${found.version} comes instead with what else is installed`);
    }
  }
  const known = new Set(group.layers.flatMap(({ packages }) => packages.map(({ name }) => name)));
  const told = new Set([...wanted.values()].flatMap(({ layer }) => layer.install!.remove));
  const unwanted = installed.map(({ name }) => name).filter((name) => !known.has(name) && !told.has(name));
  const isSame = named.size === 0 && given.size === 0 && unwanted.length === 0;
  return isSame ? null : correction({ named, fromDisk: given, unwanted: new Set(unwanted) });
}

function isPinned({ pins }: InstallPlan, name: string, version: string): boolean {
  return pins.some((pin) => pin.version === version && pin.packages.includes(name));
}

function chainPlan(chain: readonly LayerPlan[]): InstallPlan {
  const plans = chain.map(({ install }) => install!);
  return {
    ...plans.at(-1)!,
    named: [...new Set(plans.flatMap(({ named }) => named))],
    pins: plans.flatMap(({ pins }) => pins),
    debs: plans.flatMap(({ debs }) => debs ?? []),
    foreignArchitectures: [...new Set(plans.flatMap(({ foreignArchitectures }) => foreignArchitectures))],
  };
}

/** Names of files have versions without their epochs. */
function isFileOf(file: SimulatedPackage, item: InstalledPackage): boolean {
  const bare = item.version.replace(/^\d+:/, '');
  const version = file.version.replace(/^\d+:/, '');
  return file.name === item.name && file.architecture === item.architecture && version === bare;
}

function foreignOf(packages: readonly InstalledPackage[], group: GroupPlan): string[] {
  const architectures = new Set(packages.map(({ architecture }) => architecture));
  return [...architectures]
    .filter((each) => each !== 'all' && each !== group.os.architecture)
    .filter(isWord)
    .sort();
}

function isWord(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9+.:_-]*$/.test(text);
}

function unreachable(group: GroupPlan, stderr: string): AppError {
  return new AppError('archive-unreachable', `${group.base.reference} reaches none of its archives`, {
    todo: 'Check the network and the sources in the Dockerfile, or use --packages auto or disk.',
    detail: lastLines(stderr),
  });
}
