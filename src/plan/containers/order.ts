/** For each name, those of `after` that can be waited for: unknown names and edges that close a circle are left out. */
export function startOrder(after: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
  const kept = new Map<string, string[]>();
  for (const [name, wanted] of after) {
    kept.set(name, []);
    for (const other of [...new Set(wanted)].sort()) {
      if (other === name || !after.has(other) || reaches(kept, other, name)) continue;
      kept.get(name)!.push(other);
    }
  }
  return kept;
}

function reaches(edges: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const pending = [from];
  const seen = new Set(pending);
  while (pending.length > 0) {
    const current = pending.pop()!;
    if (current === to) return true;
    for (const next of edges.get(current) ?? []) {
      if (!seen.has(next)) {
        seen.add(next);
        pending.push(next);
      }
    }
  }
  return false;
}
