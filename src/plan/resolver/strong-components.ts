/**
 * Strongly connected components of a directed graph (Tarjan 1972), without recursion: a hostile database may hold a
 * dependency chain of any length.
 * @param edges Successors of each node; nodes are 0…edges.length-1.
 * @returns The component of each node; components are numbered so that an edge never leads to a higher number.
 */
export function strongComponents(edges: readonly (readonly number[])[]): { componentOf: Int32Array; count: number } {
  const size = edges.length;
  const order = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const componentOf = new Int32Array(size).fill(-1);
  const nextEdge = new Int32Array(size);
  const open: number[] = [];
  const path: number[] = [];
  let visited = 0;
  let count = 0;

  const enter = (node: number): void => {
    order[node] = low[node] = visited;
    visited += 1;
    open.push(node);
    path.push(node);
  };

  for (let root = 0; root < size; root += 1) {
    if (order[root] !== -1) continue;
    enter(root);
    while (path.length > 0) {
      const node = path.at(-1)!;
      const successor = edges[node]![nextEdge[node]!];
      if (successor !== undefined) {
        nextEdge[node]! += 1;
        if (order[successor] === -1) enter(successor);
        else if (componentOf[successor] === -1) low[node] = Math.min(low[node]!, order[successor]!);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      if (low[node] !== order[node]) continue;
      let member: number;
      do {
        member = open.pop()!;
        componentOf[member] = count;
      } while (member !== node);
      count += 1;
    }
  }
  return { componentOf, count };
}
