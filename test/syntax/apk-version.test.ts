import test from 'ava';
import fc from 'fast-check';
import { apkVersionBegins, compareApkVersions } from '../../src/syntax/apk-version.js';

/** Pairs of the rules in apk-package(5) and of Alpine's own packages. */
const order = test.macro({
  exec(t, older: string, newer: string) {
    t.true(compareApkVersions(older, newer) < 0);
    t.true(compareApkVersions(newer, older) > 0);
  },
  title: (_, older, newer) => `${older} is older than ${newer}`,
});

test(order, '1.0', '1.1');
test(order, '1.9', '1.10');
test(order, '2.34', '0002.35');
test(order, '1.0_alpha', '1.0_beta');
test(order, '1.0_beta2', '1.0_pre');
test(order, '1.0_pre', '1.0_rc1');
test(order, '1.0_rc1', '1.0');
test(order, '1.0', '1.0_cvs20010101');
test(order, '1.0_svn1', '1.0_git1');
test(order, '1.0_git20230424', '1.0_p1');
test(order, '1.0_p1', '1.0_p2');
test(order, '1.0-r1', '1.0_p1');
test(order, '1.0', '1.0a');
test(order, '1.0a', '1.0b');
test(order, '1.0b', '1.0.1');
test(order, '1.0', '1.0.0');
test(order, '1.0-r0', '1.0-r1');
test(order, '1.0', '1.0-r0');
test(order, '1.06', '1.1');
test(order, '1.2.3_git20230424-r4', '1.2.4-r0');
test(order, '3.26.0-r3', '3.26.0-r10');
test(order, '1.0-r99999999999999999998', '1.0-r99999999999999999999');

test('a prefix ends at the end of a part', (t) => {
  t.true(apkVersionBegins('1.2.3-r1', '1.2'));
  t.true(apkVersionBegins('1.2-r1', '1.2'));
  t.false(apkVersionBegins('1.20', '1.2'));
  t.false(apkVersionBegins('1', '1.2'));
});

const versions = fc.string({
  unit: fc.constantFrom('0', '1', '9', '.', '_rc', '_p', 'a', '-r1', '~ab', '?'),
  minLength: 1,
  maxLength: 6,
});

test('turned around the order is reversed, and nothing is older than itself', (t) => {
  fc.assert(
    fc.property(versions, versions, (a, b) => {
      const forth = Math.sign(compareApkVersions(a, b));
      return compareApkVersions(a, a) === 0 && (forth === 0 || forth === -Math.sign(compareApkVersions(b, a)));
    }),
    { numRuns: 5000 },
  );
  t.pass();
});
