import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { compareRpmVersions, parseRpmVersion, type RpmRange, rpmRangesOverlap } from '../../src/syntax/rpm-version.js';

const order = test.macro({
  exec(t, older: string, newer: string) {
    t.true(compareRpmVersions(older, newer) < 0);
    t.true(compareRpmVersions(newer, older) > 0);
  },
  title: (_, older, newer) => `${older} is older than ${newer}`,
});

test(order, '1.0', '2.0');
test(order, '1.9', '1.10');
test(order, '1.0~rc1', '1.0');
test(order, '1.0~rc1', '1.0~rc2');
test(order, '1.0', '1.0^git1');
test(order, '1.0^git1', '1.0.1');
test(order, '1.0^20160101~rc1', '1.0^20160101');
test(order, '1.0a', '1.0.1');
test(order, '2.50', '2.50a');
test(order, 'a', '1');
test(order, '1.0-1', '1.0-2.el7');
test(order, '1:0.1-1', '2:0.0-1');
test(order, '9-1', '1:1-1');
test(order, '1.0-99999999999999999998', '1.0-99999999999999999999');

const equal = test.macro({
  exec(t, a: string, b: string) {
    t.is(compareRpmVersions(a, b), 0);
  },
  title: (_, a, b) => `${a} is as old as ${b}`,
});

test(equal, '1.0', '1_0');
test(equal, '1.01', '1.1');
test(equal, '0:1.0-1', '1.0-1');
test(equal, '1.0', '1.0-7');
test(equal, '1.0.', '1.0');

const overlap = test.macro({
  exec(t, wanted: string, provided: string, answer: boolean) {
    t.is(rpmRangesOverlap(range(wanted), range(provided)), answer);
  },
  title: (_, wanted, provided, answer) => `${provided || 'any'} ${answer ? 'satisfies' : 'does not satisfy'} ${wanted}`,
});

test('without a release the release does not count:', overlap, '> 2.36', '= 2.36-9', false);
test(overlap, '>= 2.36', '= 2.36-9', true);
test(overlap, '= 2.36', '= 2.36-9', true);
test(overlap, '> 2.36-8', '= 2.36-9', true);
test(overlap, '< 1:1.0', '= 9.0-1', true);
test(overlap, '>= 8', '< 9', true);
test(overlap, '>= 9', '< 9', false);
test(overlap, '>= 1', '', true);

test('versions are taken apart at the first colon and the last dash', (t) => {
  t.deepEqual(parseRpmVersion('2:1.0-rc-3.el7'), { epoch: '2', version: '1.0-rc', release: '3.el7' });
  t.deepEqual(parseRpmVersion('1.0'), { epoch: '0', version: '1.0', release: undefined });
});

const versions = fc.string({
  unit: fc.constantFrom('0', '1', '9', 'a', 'b', '.', '~', '^', '_'),
  minLength: 1,
  maxLength: 8,
});

test('the order is one: turned around it is reversed, and it is transitive', (t) => {
  fc.assert(
    fc.property(versions, versions, versions, (a, b, c) => {
      const sign = (x: string, y: string) => Math.sign(compareRpmVersions(x, y));
      if (sign(a, b) !== -sign(b, a)) return false;
      return !(sign(a, b) <= 0 && sign(b, c) <= 0) || sign(a, c) <= 0;
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

const withRpm = existsSync('/usr/bin/rpm') ? test : test.skip;

withRpm(`rpm itself agrees${existsSync('/usr/bin/rpm') ? '' : ' (skipped: rpm is not installed)'}`, (t) => {
  const pairs = fc.sample(fc.tuple(versions, versions), { numRuns: 400, seed: 7 });
  const calls = pairs.map(([a, b]) => `rpm.vercmp("${a}", "${b}")`).join(', ');
  const printed = execFileSync('rpm', ['--eval', `%{lua: print(table.concat({${calls}}, ' '))}`]).toString();
  const answers = printed.trim().split(' ').map(Number);
  t.is(answers.length, pairs.length);
  t.deepEqual(
    pairs.filter(([a, b], index) => Math.sign(compareRpmVersions(a, b)) !== answers[index]),
    [],
  );
});

function range(text: string): RpmRange {
  const [operator, version] = text.split(' ');
  return version === undefined ? {} : { operator: operator as NonNullable<RpmRange['operator']>, version };
}
