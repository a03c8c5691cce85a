import test from 'ava';
import fc from 'fast-check';
import { exactTree } from '../../../src/plan/layers/exact-tree.js';
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

function chainsOf(nodes: readonly TreeNode[], machine: number): number[] {
  return nodes
    .filter(({ machines }) => machines.includes(machine))
    .flatMap(({ packages, children }) => [...packages, ...chainsOf(children, machine)]);
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

const fleets = fc
  .record({
    bytes: fc.array(fc.integer({ min: 1, max: 5 * MB }), { minLength: 1, maxLength: 12 }),
    machines: fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
    needs: fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 10 }),
  })
  .map(({ bytes, machines, needs }) => {
    const count = bytes.length;
    const packages = bytes.map((each, item) => ({
      bytes: each,
      needs: needs.filter(([from, to]) => from === item && to < item).map(([, to]) => [to]),
    }));
    const closed = machines.map((wanted) => {
      const held = new Set<number>();
      const add = (item: number): void => {
        if (item >= count || held.has(item)) return;
        held.add(item);
        packages[item]!.needs.flat().forEach(add);
      };
      wanted.forEach(add);
      return [...held].sort((a, b) => a - b);
    });
    return { packages, machines: closed };
  });

test('property: the way to each machine holds its packages once each, needs first or together', (t) => {
  const check = () =>
    fc.assert(
      fc.property(fleets, fc.constantFrom(null, 2, 3), ({ packages, machines }, levels) => {
        const nodes = tree(packages, machines, levels);
        machines.forEach((wanted, machine) => {
          const chain = chainsOf(nodes, machine);
          if (JSON.stringify([...chain].sort((a, b) => a - b)) !== JSON.stringify(wanted))
            throw new Error('other packages');
          let held = new Set<number>();
          let level: readonly TreeNode[] = nodes;
          for (;;) {
            const node = level.find((each) => each.machines.includes(machine));
            if (node === undefined) break;
            held = new Set([...held, ...node.packages]);
            for (const item of node.packages) {
              if (!packages[item]!.needs.every((oneOf) => oneOf.some((each) => held.has(each))))
                throw new Error('open need');
            }
            level = node.children;
          }
        });
      }),
    );
  t.notThrows(check);
});

test('property: the tree never stores more than two levels do', (t) => {
  const check = () =>
    fc.assert(
      fc.property(fleets, ({ packages, machines }) => {
        const problem = { packages, mode: 'disk' as const };
        return treeCost(problem, tree(packages, machines)) <= treeCost(problem, tree(packages, machines, 2));
      }),
    );
  t.notThrows(check);
});

test('a node below the least size of a layer gives its packages to its children', (t) => {
  const machines = [
    [0, 1],
    [0, 2],
  ];
  const problem = { packages: sized(2, 9, 9), machines, mode: 'disk' as const, levels: null };
  t.is(shown(packageTree({ ...problem, minBytes: MB })), '01:0 (0:1 1:2)');
  t.is(shown(packageTree({ ...problem, minBytes: 3 * MB })), '0:0+1 1:0+2');
  t.is(shown(greedyTree({ ...problem, minBytes: 3 * MB })), '01: (0:0+1 1:0+2)');
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

/** Roles on a common system, as fleets are: packages of the system, of roles, and of single machines. */
const likelyFleets = fc
  .record({
    count: fc.integer({ min: 2, max: 8 }),
    bytes: fc.array(fc.integer({ min: 5_000, max: 40 * MB }), { minLength: 12, maxLength: 40 }),
    seeds: fc.array(fc.nat(0xffff), { minLength: 40, maxLength: 40 }),
    mode: fc.constantFrom('disk' as const, 'install' as const),
  })
  .map(({ count, bytes, seeds, mode }) => {
    // By package the machines that hold it: a random set, so that sets overlap in every way.
    const packages = bytes.map((each) => ({ bytes: each, needs: [] }));
    const machines = Array.from({ length: count }, (_, machine) =>
      bytes.map((_each, item) => item).filter((item) => ((seeds[item]! >> machine) & 1) === 1 || item % 4 === 0),
    );
    return { packages, machines, mode, levels: null };
  });

test('property: the exact tree is never dearer than greedy', (t) => {
  const check = () =>
    fc.assert(
      fc.property(fc.oneof(likelyFleets, fleets), (fleet) => {
        const problem = { mode: 'disk' as const, levels: null, ...fleet };
        return treeCost(problem, exactTree(problem)) <= treeCost(problem, greedyTree(problem));
      }),
      { numRuns: 300 },
    );
  t.notThrows(check);
});

// Fleets made to hurt (`fleets` above) take greedy beyond this bound: it has no local search yet, and they are not held to it.
test('greedy stays near the exact tree on a fixed sample of fleets whose packages overlap in every way', (t) => {
  let worst = 1;
  for (const fleet of fc.sample(likelyFleets, { numRuns: 400, seed: 2015 })) {
    const exact = treeCost(fleet, exactTree(fleet));
    worst = Math.max(worst, exact === 0 ? 1 : treeCost(fleet, greedyTree(fleet)) / exact);
  }
  t.log(`worst greedy/exact: ${worst.toFixed(4)}`);
  t.true(worst <= 1.15);
});

test('hundred machines of a thousand packages are planned within five seconds of the processor', (t) => {
  let seed = 7;
  const random = (limit: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  };
  const packages = Array.from({ length: 8000 }, (_, item) => ({
    bytes: 10_000 + random(3 * MB),
    needs: item === 0 ? [] : [[random(Math.min(item, 600))]],
  }));
  const machines = Array.from({ length: 100 }, () => {
    const held = new Set<number>(Array.from({ length: 600 }, (_, item) => item));
    while (held.size < 1000) held.add(600 + random(7400));
    return [...held].sort((a, b) => a - b);
  });
  const start = process.cpuUsage();
  tree(packages, machines);
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  t.log(`${seconds.toFixed(2)} s`);
  t.true(seconds < 5);
});
