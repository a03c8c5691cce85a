import fc from 'fast-check';
import type { TreePackage, TreeProblem } from '../../../src/plan/layers/tree-problem.js';

/** Fleets for property tests of the layer tree: up to eight machines, so that the exact tree is to be had. */

const MB = 1_000_000;

const modes = fc.constantFrom('disk' as const, 'install' as const);
const allowedLevels = fc.constantFrom(null, 3, 4);

/**
 * Made to hurt: few packages, some of a byte, equal machines, empty ones, needs between any, so that fixed costs decide.
 */
export const hurtfulFleets: fc.Arbitrary<TreeProblem> = fc
  .record({
    bytes: fc.array(fc.integer({ min: 1, max: 5 * MB }), { minLength: 1, maxLength: 12 }),
    machines: fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 12 }), { minLength: 1, maxLength: 8 }),
    needs: fc.array(fc.tuple(fc.nat(11), fc.nat(11), fc.nat(11)), { maxLength: 10 }),
    ownModes: fc.array(modes, { minLength: 12, maxLength: 12 }),
    mode: modes,
    isMixed: fc.boolean(),
    levels: allowedLevels,
  })
  .map(({ bytes, machines, needs, ownModes, mode, isMixed, levels }) => {
    const packages: TreePackage[] = bytes.map((each, item) => ({
      bytes: each,
      // Either of two satisfies it, and machines differ in which they have.
      needs: needs
        .filter(([from, to]) => from === item && to < item)
        .map(([, to, or]) => (or < item ? [to, or] : [to])),
      ...(isMixed ? { mode: ownModes[item]! } : {}),
    }));
    const closed = machines.map((wanted, machine) => {
      const held = new Set<number>();
      const add = (item: number): void => {
        if (item >= packages.length || held.has(item)) return;
        held.add(item);
        for (const oneOf of packages[item]!.needs) {
          if (!oneOf.some((each) => held.has(each))) add(oneOf[machine % oneOf.length]!);
        }
      };
      wanted.forEach(add);
      return [...held].sort((a, b) => a - b);
    });
    return { packages, machines: closed, mode, levels };
  });

/** Packages that all machines have, and others that a random set of them has, so that sets overlap in every way. */
export const overlappingFleets: fc.Arbitrary<TreeProblem> = fc
  .record({
    count: fc.integer({ min: 2, max: 8 }),
    bytes: fc.array(fc.integer({ min: 5_000, max: 40 * MB }), { minLength: 12, maxLength: 40 }),
    holders: fc.array(fc.nat(0xff), { minLength: 40, maxLength: 40 }),
    mode: modes,
    levels: allowedLevels,
  })
  .map(({ count, bytes, holders, mode, levels }) => ({
    packages: bytes.map((each) => ({ bytes: each, needs: [] })),
    machines: Array.from({ length: count }, (_, machine) =>
      bytes.map((_each, item) => item).filter((item) => item % 4 === 0 || ((holders[item]! >> machine) & 1) === 1),
    ),
    mode,
    levels,
  }));
