// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the braces are those of the shell

import test from 'ava';
import fc from 'fast-check';
import { expandVariables, quoteShell, shellAssignments, shellWords } from '../../src/syntax/shell.js';
import { endsSoon } from '../patience.js';

const words = test.macro({
  exec: (t, text: string, expected: readonly string[]) => t.deepEqual(shellWords(text), expected),
  title: (_, text: string) => `words of ${JSON.stringify(text)}`,
});
test(words, 'a b\tc\n d', ['a', 'b', 'c', 'd']);
test(words, `'a b' "c d" e'f'"g"`, ['a b', 'c d', 'efg']);
test(words, `a\\ b \\\\ \\'`, ['a b', '\\', "'"]);
test(words, '"a\\"b\\$c\\d"', ['a"b$c\\d']);
test(words, '\'\' ""', ['', '']);
test(words, 'a # comment\nb c#d', ['a', 'b', 'c#d']);
test(words, 'a;b && c||d | e > f 2>&1', ['a', ';', 'b', '&&', 'c', '||', 'd', '|', 'e', '>', 'f', '2', '>&', '1']);
test(words, 'a \\\nb', ['a', 'b']);
test(words, `"never closed`, ['never closed']);
test(words, '', []);

const assignments = test.macro({
  exec: (t, text: string, expected: readonly (readonly [string, string, number])[]) =>
    t.deepEqual(
      shellAssignments(text).map(({ name, value, line }) => [name, value, line]),
      expected,
    ),
  title: (_, text: string) => `assignments of ${JSON.stringify(text)}`,
});
test(assignments, 'A=1\n# B=2\nexport C=3\n  D=4 # why\n', [
  ['A', '1', 1],
  ['C', '3', 3],
  ['D', '4', 4],
]);
test(assignments, 'A="one\ntwo"\nB=3\n', [
  ['A', 'one\ntwo', 1],
  ['B', '3', 3],
]);
test(assignments, 'A=x\nB="$A-${A}-${C:-d}"\nC=\'$A\'\n', [
  ['A', 'x', 1],
  ['B', 'x-x-d', 2],
  ['C', '$A', 3],
]);
test(assignments, 'A="a\\"b"c\\ d\n', [['A', 'a"bc d', 1]]);
test(assignments, 'A = 1\n1A=2\nif [ x ]; then\nA=3; B=4\nfi\n', [['A', '3', 4]]);
test(assignments, 'A="never\nclosed', [['A', 'never\nclosed', 1]]);
test(assignments, 'A=\\\nB=1\n', [['A', 'B=1', 1]]);
test(assignments, 'A=1', [['A', '1', 1]]);
test(assignments, '', []);

test('known values are expanded, unknown ones are empty, and a default takes their place', (t) => {
  t.is(
    expandVariables(
      '$A ${B} ${C:-c} ${D-d} $',
      new Map([
        ['A', '1'],
        ['D', ''],
      ]),
    ),
    '1  c d $',
  );
});

test('a name that objects have by themselves is no variable', (t) => {
  t.is(shellAssignments('A=$constructor${__proto__}x\n')[0]!.value, 'x');
});

test('a quoted word is one word again, whatever is in it', (t) => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes('\0')),
      (text) => t.deepEqual(shellWords(quoteShell(text)), [text]),
    ),
  );
});

test('quoted words do not run into each other', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string().filter((text) => !text.includes('\0'))), (list) =>
      t.deepEqual(shellWords(list.map(quoteShell).join(' ')), list),
    ),
  );
});

test('every text has words and assignments, and lines that are in it', (t) => {
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom('A', '=', '"', "'", '\\', '\n', '$', '{', '}', ' ', ';', '#', 'b', ':-'))
        .map((parts) => parts.join('')),
      (text) => {
        const lines = text.split('\n').length;
        return (
          shellWords(text).every((word) => word.length <= text.length) &&
          shellAssignments(text).every(({ line }) => line >= 1 && line <= lines)
        );
      },
    ),
  );
  t.pass();
});

test('a megabyte of quotes takes no long time', async (t) => {
  for (const text of [
    '"'.repeat(1e6),
    "A='".repeat(3e5),
    'A="\\"'.repeat(2e5),
    '\\\n'.repeat(5e5),
    '${A:-'.repeat(2e5),
    'A=${'.repeat(2e5),
  ]) {
    await endsSoon(t, () => [shellWords(text), shellAssignments(text)]);
  }
});

test('lines that double a name are cut at 64 KiB instead of growing without end', (t) => {
  const doubling = `A=${'x'.repeat(1000)}\n${'A=$A$A\n'.repeat(60)}${'B="$A$A$B$A"\n'.repeat(60)}`;
  const assignments = shellAssignments(doubling);
  t.is(assignments.length, 121);
  t.is(Math.max(...assignments.map(({ value }) => value.length)), 64 * 1024);
  t.is(expandVariables('$A'.repeat(10_000), new Map([['A', 'y'.repeat(60_000)]])).length, 64 * 1024);
});

test('at most ten thousand assignments are read', (t) => {
  t.is(shellAssignments('A=1\n'.repeat(20_000)).length, 10_000);
});
