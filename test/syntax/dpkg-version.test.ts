import { existsSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { compareDpkgVersions } from '../../src/syntax/dpkg-version.js';
import { run } from '../../src/tools/run.js';

const sign = (value: number): string => (value < 0 ? 'lt' : value > 0 ? 'gt' : 'eq');

/** Pairs that each show one rule of deb-version(7); dpkg is asked about all of them below. */
const PAIRS: readonly (readonly [a: string, relation: string, b: string])[] = [
  ['1.0', 'eq', '1.0'],
  ['1.0', 'eq', '0:1.0'],
  ['1.0', 'eq', '1.0-0'],
  ['1.0', 'eq', '1.00'],
  ['1:1.0', 'gt', '2.0'],
  ['1.10', 'gt', '1.9'],
  ['1.0~rc1', 'lt', '1.0'],
  ['1.0~~', 'lt', '1.0~'],
  ['1.0a', 'gt', '1.0'],
  ['1.0a', 'lt', '1.0+'],
  ['1.0-1', 'lt', '1.0-1+b1'],
  ['1.0-1', 'gt', '1.0-1~bpo12+1'],
  ['2.3-4-1', 'gt', '2.3-1'],
  ['9999999999999999999999', 'lt', '10000000000000000000000'],
  ['1.2.3', 'gt', '1.2'],
  ['1.2A', 'lt', '1.2a'],
];

const compares = test.macro({
  exec: (t, a: string, relation: string, b: string) => {
    t.is(sign(compareDpkgVersions(a, b)), relation);
    t.is(sign(-compareDpkgVersions(b, a)), relation);
  },
  title: (_given, a: string, relation: string, b: string) => `${a} is ${relation} ${b}`,
});

for (const pair of PAIRS) test(compares, ...pair);

const piece = fc.constantFrom('0', '1', '10', '9', '007', 'a', 'Z', '~', '+', '.', 'rc', 'b');
const text = fc.array(piece, { maxLength: 5 }).map((pieces) => `1${pieces.join('')}`);
const version = fc
  .tuple(fc.option(fc.nat(2)), text, fc.option(text))
  .map(
    ([epoch, upstream, revision]) =>
      `${epoch === null ? '' : `${epoch}:`}${upstream}${revision === null ? '' : `-${revision}`}`,
  );

test('the order is total: antisymmetric and transitive', (t) => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      if (sign(compareDpkgVersions(a, b)) !== sign(-compareDpkgVersions(b, a))) return false;
      const [first, second, third] = [a, b, c].sort(compareDpkgVersions) as [string, string, string];
      return compareDpkgVersions(first, second) <= 0 && compareDpkgVersions(first, third) <= 0;
    }),
  );
  t.pass();
});

const withDpkg = existsSync('/usr/bin/dpkg') ? test : test.skip;

withDpkg('dpkg --compare-versions agrees on fixed and on random pairs (needs dpkg)', async (t) => {
  const random = fc.sample(fc.tuple(version, version), { numRuns: 60, seed: 7 });
  for (const [a, b] of [...PAIRS.map(([left, , right]) => [left, right] as const), ...random]) {
    const relation = sign(compareDpkgVersions(a, b));
    const { exitCode } = await run('dpkg', ['--compare-versions', a, relation, b], { timeoutMs: 10_000 });
    t.is(exitCode, 0, `${a} ${relation} ${b}`);
  }
});
