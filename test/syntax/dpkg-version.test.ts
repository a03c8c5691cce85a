import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { compareDpkgVersions } from '../../src/syntax/dpkg-version.js';

const order = test.macro({
  exec(t, older: string, newer: string) {
    t.true(compareDpkgVersions(older, newer) < 0);
    t.true(compareDpkgVersions(newer, older) > 0);
  },
  title: (_, older, newer) => `${older} is older than ${newer}`,
});

test(order, '1.0~rc1', '1.0');
test(order, '1.0', '1.0a');
test(order, '1.9', '1.10');
test(order, '1.0-1', '1.0-1+b1');
test(order, '9.9', '1:0.1');
test(order, '1.0a', '1.0+');
test(order, '2.36-9+deb12u9', '2.36-9+deb12u10');

test('a missing revision equals revision 0', (t) => {
  t.is(compareDpkgVersions('1.0', '1.0-0'), 0);
  t.is(compareDpkgVersions('0:1.00', '1.0'), 0);
});

const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;
const withDpkg = hasDpkg ? test : test.skip;
withDpkg(`dpkg orders random versions alike${hasDpkg ? '' : ' (skipped: there is no dpkg here)'}`, (t) => {
  const version = fc.stringMatching(/^[0-9][0-9a-zA-Z.+~]{0,6}(-[0-9a-zA-Z.+~]{1,4})?$/);
  const check = () =>
    fc.assert(
      fc.property(version, version, (a, b) => {
        const operator = Math.sign(compareDpkgVersions(a, b)) < 0 ? 'lt' : compareDpkgVersions(a, b) > 0 ? 'gt' : 'eq';
        return spawnSync('dpkg', ['--compare-versions', a, operator, b]).status === 0;
      }),
      { numRuns: 150 },
    );
  t.notThrows(check);
});
