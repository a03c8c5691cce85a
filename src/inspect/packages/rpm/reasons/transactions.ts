import type { PackageFacts } from '../header/facts.js';

/** Above this the packages of one transaction are not sorted out. */
const MAX_PACKAGES = 10_000;
/** Fewer packages than this in a transaction on average: the manager splits its work. */
const MEAN_OF_SPLIT = 4;
const LONG_PAUSE_SECONDS = 300;
const SHORT_PAUSE_SECONDS = 10;
/** What more packages than this provide tells nothing about who was installed for whom. */
const MAX_PROVIDERS = 8;

/**
 * Tells asked-for from pulled-in by INSTALLTID where no manager noted it: the first transaction is the installation of
 * the system; of a later one, what nothing else in it needs was asked for. Updates look like installations to it, so it
 * is an inference.
 * @returns By package of a later transaction whether it was pulled in.
 */
export function inferFromTransactions(packages: readonly PackageFacts[]): Map<PackageFacts, boolean> {
  const inferred = new Map<PackageFacts, boolean>();
  const [, ...later] = installations(packages);
  for (const members of later) {
    if (members.length > MAX_PACKAGES) continue;
    const asked = sources(members, neededBy(members));
    for (const item of members) inferred.set(item, !asked.has(item));
  }
  return inferred;
}

/** The packages that came first, as far as that is recorded: the installation of the system. */
export function firstInstallation(packages: readonly PackageFacts[]): readonly PackageFacts[] {
  return installations(packages)[0] ?? [];
}

/**
 * Packages that were installed together, in order of time: the number of a transaction is a time in seconds. zypper and
 * image builders split one installation into many transactions, down to one for each package; a pause separates
 * installations.
 */
function installations(packages: readonly PackageFacts[]): PackageFacts[][] {
  const transactions = new Map<number, PackageFacts[]>();
  for (const item of packages) {
    if (item.transaction === undefined) continue;
    const members = transactions.get(item.transaction);
    if (members === undefined) transactions.set(item.transaction, [item]);
    else members.push(item);
  }
  const sorted = [...transactions].sort(([a], [b]) => a - b);
  const pause = sorted.length * MEAN_OF_SPLIT < packages.length ? SHORT_PAUSE_SECONDS : LONG_PAUSE_SECONDS;
  const merged: PackageFacts[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const [number, members] of sorted) {
    if (number - last > pause) merged.push([]);
    merged.at(-1)!.push(...members);
    last = number;
  }
  return merged;
}

/** Which members each member requires, by name of the capability alone. */
function neededBy(members: readonly PackageFacts[]): Map<PackageFacts, Set<PackageFacts>> {
  const providers = new Map<string, PackageFacts[]>();
  const wanted = new Set(members.flatMap((item) => item.requires.plain.map((relation) => relation.name)));
  const provide = (name: string, item: PackageFacts): void => {
    if (!wanted.has(name)) return;
    const known = providers.get(name);
    if (known === undefined) providers.set(name, [item]);
    else if (known.length < MAX_PROVIDERS) known.push(item);
  };
  for (const item of members) {
    for (const relation of item.provides) provide(relation.name, item);
    for (const path of item.files.paths()) provide(path, item);
  }
  const needs = new Map<PackageFacts, Set<PackageFacts>>();
  for (const item of members) {
    const found = new Set<PackageFacts>();
    for (const { name } of item.requires.plain) for (const provider of providers.get(name) ?? []) found.add(provider);
    found.delete(item);
    needs.set(item, found);
  }
  return needs;
}

/**
 * One package of each circle (a package alone is one) that nothing outside of it needs. In the reverse order in which a
 * depth-first search leaves the packages, such a circle comes before all that it reaches.
 */
function sources(
  members: readonly PackageFacts[],
  needs: ReadonlyMap<PackageFacts, ReadonlySet<PackageFacts>>,
): Set<PackageFacts> {
  const found = new Set<PackageFacts>();
  const reached = new Set<PackageFacts>();
  for (const item of finishingOrder(members, needs).reverse()) {
    if (reached.has(item)) continue;
    found.add(item);
    visit(item, needs, reached, () => {});
  }
  return found;
}

function finishingOrder(
  members: readonly PackageFacts[],
  needs: ReadonlyMap<PackageFacts, ReadonlySet<PackageFacts>>,
): PackageFacts[] {
  const order: PackageFacts[] = [];
  const reached = new Set<PackageFacts>();
  for (const item of members) visit(item, needs, reached, (done) => order.push(done));
  return order;
}

/** Depth first without recursion: chains of dependencies are as long as a hostile database likes. */
function visit(
  start: PackageFacts,
  needs: ReadonlyMap<PackageFacts, ReadonlySet<PackageFacts>>,
  reached: Set<PackageFacts>,
  finish: (item: PackageFacts) => void,
): void {
  if (reached.has(start)) return;
  reached.add(start);
  const stack = [{ item: start, rest: (needs.get(start) ?? new Set<PackageFacts>()).values() }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.rest.next();
    if (next.done) {
      finish(top.item);
      stack.pop();
    } else if (!reached.has(next.value)) {
      reached.add(next.value);
      stack.push({ item: next.value, rest: (needs.get(next.value) ?? new Set<PackageFacts>()).values() });
    }
  }
}
