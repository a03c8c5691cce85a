import test from 'ava';
import { greedyTree } from '../../../src/plan/layers/greedy-tree.js';
import { packageTree } from '../../../src/plan/layers/package-tree.js';
import { type TreeNode, type TreePackage, treeCost } from '../../../src/plan/layers/tree-problem.js';

const MB = 1_000_000;

function sized(...megabytes: number[]): TreePackage[] {
  return megabytes.map((each) => ({ bytes: each * MB, needs: [] }));
}

function tree(
  packages: readonly TreePackage[],
  machines: readonly (readonly number[])[],
  levels: number | null = null,
) {
  return packageTree({ packages, machines, mode: 'disk', levels });
}

/** `machines: packages (children)`, for comparison by eye. */
function shown(nodes: readonly TreeNode[]): string {
  return nodes
    .map(({ machines, packages, children }) => {
      const below = children.length === 0 ? '' : ` (${shown(children)})`;
      return `${machines.join('')}:${packages.join('+')}${below}`;
    })
    .join(' ');
}

test('one machine has one layer', (t) => {
  t.is(shown(tree(sized(1, 2), [[0, 1]])), '0:0+1');
});

test('without levels there are no package layers', (t) => {
  t.deepEqual(tree(sized(1), [[0]], 0), []);
});

test('equal machines share one layer and have none of their own', (t) => {
  t.is(
    shown(
      tree(sized(5, 5), [
        [0, 1],
        [0, 1],
        [0, 1],
      ]),
    ),
    '012:0+1',
  );
});

test('two levels put what only some share into each of them', (t) => {
  const machines = [
    [0, 1, 2],
    [0, 1, 3],
    [0, 4],
  ];
  t.is(shown(tree(sized(10, 800, 13, 1, 1), machines, 2)), '012:0 (0:1+2 1:1+3 2:4)');
});

test('machines with the same packages beside others share their layer in two levels too', (t) => {
  const machines = [
    [0, 1, 2],
    [0, 3],
    [0, 1, 2],
  ];
  t.is(shown(tree(sized(10, 8, 13, 1), machines, 2)), '012:0 (02:1+2 1:3)');
  t.is(shown(tree(sized(10, 8, 13, 1), machines, 1)), '02:0+1+2 1:0+3');
  const least = { packages: sized(10, 8, 13, 1), machines, mode: 'disk', levels: null, minBytes: 100 * MB } as const;
  t.is(shown(packageTree(least)), '02:0+1+2 1:0+3');
});

test('scenario E: two machines that differ by 13 MB store 13 MB, beside a third that shares little', (t) => {
  const machines = [
    [0, 1, 2],
    [0, 1],
    [0, 3],
  ];
  t.is(shown(tree(sized(10, 800, 13, 1), machines)), '012:0 (01:1 (0:2) 2:3)');
});

test('a package goes below a node that lacks what it needs', (t) => {
  const packages: TreePackage[] = [
    { bytes: 10 * MB, needs: [[1, 2]] },
    { bytes: MB, needs: [] },
    { bytes: MB, needs: [] },
    { bytes: 20 * MB, needs: [] },
  ];
  t.is(
    shown(
      tree(packages, [
        [0, 1, 3],
        [0, 2, 3],
      ]),
    ),
    '01:3 (0:0+1 1:0+2)',
  );
});

test('what is not worth a layer of its own goes into each machine', (t) => {
  const packages = [{ bytes: 1000, needs: [] }, ...sized(5, 5)];
  t.is(
    shown(
      tree(packages, [
        [0, 1],
        [0, 2],
      ]),
    ),
    '0:0+1 1:0+2',
  );
});

test('what hundred machines share pays though it pays for no two of them', (t) => {
  const packages = [{ bytes: 60_000, needs: [] }, ...sized(...Array.from({ length: 100 }, () => 5))];
  const machines = Array.from({ length: 100 }, (_, index) => [0, index + 1]);
  const nodes = tree(packages, machines);
  t.is(nodes.length, 1);
  t.deepEqual(nodes[0]!.packages, [0]);
});

test('a node below the least size of a layer gives its packages to its children', (t) => {
  const machines = [
    [0, 1],
    [0, 2],
  ];
  const problem = { packages: sized(2, 9, 9), machines, mode: 'disk' as const, levels: null };
  t.is(shown(packageTree({ ...problem, minBytes: MB })), '01:0 (0:1 1:2)');
  t.is(shown(packageTree({ ...problem, minBytes: 3 * MB })), '0:0+1 1:0+2');
  t.is(shown(greedyTree({ ...problem, minBytes: 3 * MB })), '0:0+1 1:0+2');
});

test('one level gives each machine a layer of its own, and more levels never cost more', (t) => {
  const machines = [
    [0, 1, 2],
    [0, 1, 3],
    [0, 4],
    [0, 4, 5],
  ];
  const packages = sized(10, 20, 1, 2, 30, 4);
  t.is(shown(tree(packages, machines, 1)), '0:0+1+2 1:0+1+3 2:0+4 3:0+4+5');
  const costs = [1, 3, 4, null].map((levels) => treeCost({ packages, mode: 'disk' }, tree(packages, machines, levels)));
  t.deepEqual(
    costs,
    [...costs].sort((a, b) => b - a),
  );
  t.true(costs[1]! < costs[0]!);
});

test('a node with both modes has a layer of each, and pays for both', (t) => {
  const install = (megabytes: number): TreePackage => ({ bytes: megabytes * MB, needs: [], mode: 'install' });
  const [small] = sized(0.1);
  const machines = [
    [0, 1, 2],
    [0, 1, 3],
  ];
  // The part from the disk alone would be worth a layer; with an installation beside it, nothing is.
  t.is(shown(tree([install(0.1), small!, install(5), install(5)], machines)), '0:0+1+2 1:0+1+3');
  t.is(shown(tree([small!, small!, install(5), install(5)], machines)), '01:0+1 (0:2 1:3)');
});
