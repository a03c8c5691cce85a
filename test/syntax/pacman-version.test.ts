import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { comparePacmanVersions } from '../../src/syntax/pacman-version.js';

const order = test.macro({
  exec(t, older: string, newer: string) {
    t.true(comparePacmanVersions(older, newer) < 0);
    t.true(comparePacmanVersions(newer, older) > 0);
  },
  title: (_, older, newer) => `${older} is older than ${newer}`,
});

// The two series of vercmp(8).
const LETTERS = ['1.0a', '1.0b', '1.0beta', '1.0p', '1.0pre', '1.0rc', '1.0', '1.0.a', '1.0.1'];
for (const [index, version] of LETTERS.slice(1).entries()) test(order, LETTERS[index]!, version);
const NUMBERS = ['1', '1.0', '1.1', '1.1.1', '1.2', '2.0', '3.0.0'];
for (const [index, version] of NUMBERS.slice(1).entries()) test(order, NUMBERS[index]!, version);
test(order, '9.0-1', '1:0.1-1');
test(order, '1.0-1', '1.0-1.1');
test(order, '1.0', '1..0');

test('a release counts only when both have one', (t) => {
  t.is(comparePacmanVersions('1.0', '1.0-7'), 0);
  t.is(comparePacmanVersions('0:1.0-1', '1.0-1'), 0);
  t.is(comparePacmanVersions('1.01', '1.1'), 0);
});

const versions = fc.string({
  unit: fc.constantFrom('0', '1', '9', 'a', 'b', '.', '_', '+'),
  minLength: 1,
  maxLength: 7,
});

/** Asks pacman's own library; Debian has it, without the vercmp program. */
const ASK = `
import ctypes, sys
compare = ctypes.CDLL('libalpm.so.13').alpm_pkg_vercmp
for line in sys.stdin:
    a, b = line.encode().split()
    print(compare(a, b))
`;
const hasLibrary = spawnSync('python3', ['-c', ASK], { input: '' }).status === 0;

(hasLibrary ? test : test.skip)(
  `pacman itself agrees${hasLibrary ? '' : ' (skipped: no python3 with libalpm)'}`,
  (t) => {
    const pairs = fc.sample(fc.tuple(versions, versions), { numRuns: 1000, seed: 11 });
    const input = pairs.map((pair) => `${pair.join(' ')}\n`).join('');
    const answers = spawnSync('python3', ['-c', ASK], { input, encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .map(Number);
    t.is(answers.length, pairs.length);
    t.deepEqual(
      pairs.filter(([a, b], index) => Math.sign(comparePacmanVersions(a, b)) !== Math.sign(answers[index]!)),
      [],
    );
  },
);
