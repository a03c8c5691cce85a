import type { DependencyGraph } from './dependency-graph.js';

/**
 * Takes names off a list that come by themselves once what triggers them is there. All are taken off at first; those
 * that nothing brings any more are put back, and bring others in turn.
 * @param edges Successors of each package.
 * @param keep Names that stay, because their package may be left out otherwise.
 */
export function withoutTriggered(
  chosen: ReadonlySet<number>,
  edges: DependencyGraph['edges'],
  { triggered, named }: Pick<DependencyGraph, 'triggered' | 'named'>,
  base: ReadonlySet<number>,
  keep: ReadonlySet<number>,
): ReadonlySet<number> {
  const candidates = triggered.map(({ node }) => node).filter((node) => chosen.has(node) && !named.has(node));
  const dropped = new Set(candidates.filter((node) => !keep.has(node)));
  if (dropped.size === 0) return chosen;
  const closure = growingClosure(edges, triggered, base);
  const kept = new Set([...chosen].filter((node) => !dropped.has(node)));
  for (const node of kept) closure.add(node);
  for (const node of dropped) {
    if (closure.has(node)) continue;
    kept.add(node);
    closure.add(node);
  }
  return kept;
}

interface GrowingClosure {
  add(node: number): void;
  has(node: number): boolean;
}

/** What an installation comes to, name after name: linear in edges and triggers over all additions together. */
function growingClosure(
  edges: DependencyGraph['edges'],
  triggered: DependencyGraph['triggered'],
  base: ReadonlySet<number>,
): GrowingClosure {
  const reached = new Set<number>();
  const open = triggered.map(({ by }) => by.length);
  /** By package: the conditions (trigger, number of its list) that it fulfils. */
  const conditions = new Map<number, (readonly [trigger: number, list: number])[]>();
  const fulfilled = new Set<string>();
  triggered.forEach(({ by }, trigger) => {
    by.forEach((nodes, list) => {
      for (const node of nodes) {
        const known = conditions.get(node);
        if (known === undefined) conditions.set(node, [[trigger, list]]);
        else known.push([trigger, list]);
      }
    });
  });
  const add = (first: number): void => {
    const pending = [first];
    while (pending.length > 0) {
      const node = pending.pop()!;
      if (reached.has(node)) continue;
      reached.add(node);
      pending.push(...edges[node]!);
      for (const [trigger, list] of conditions.get(node) ?? []) {
        const key = `${trigger}/${list}`;
        if (fulfilled.has(key)) continue;
        fulfilled.add(key);
        open[trigger]! -= 1;
        if (open[trigger] === 0) pending.push(triggered[trigger]!.node);
      }
    }
  };
  for (const node of base) add(node);
  return { add, has: (node) => reached.has(node) };
}
