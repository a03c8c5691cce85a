import test from 'ava';
import fc from 'fast-check';
import { memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { expandGlob, globMatcher, isGlob } from '../../src/syntax/glob.js';
import { endsSoon } from '../patience.js';

const matches = test.macro<[string, string, boolean, boolean?]>({
  title: (_given, pattern, text, expected, deep) =>
    `${pattern}${deep === true ? ' (deep)' : ''} ${expected ? 'matches' : 'does not match'} ${text}`,
  exec: (t, pattern, text, expected, deep = false) => t.is(globMatcher(pattern, { deep }).test(text), expected),
});

test(matches, '*.conf', 'a.conf', true);
test(matches, '*.conf', 'a.conf.bak', false);
test(matches, '*.conf', 'sub/a.conf', false);
test(matches, 'a?c', 'abc', true);
test(matches, 'a?c', 'a/c', false);
test(matches, '[a-c]x', 'bx', true);
test(matches, '[a-c]x', 'dx', false);
test(matches, '[!a-c]x', 'dx', true);
test(matches, '[]x]', ']', true);
test(matches, '[x', '[x', true);
test(matches, 'a\\*b', 'a*b', true);
test(matches, 'a\\*b', 'axb', false);
test(matches, '/etc/**/x', '/etc/x', true, true);
test(matches, '/etc/**/x', '/etc/a/b/x', true, true);
test(matches, '/etc/**/x', '/etc/a/bx', false, true);
test(matches, '/var/**', '/var/a/b', true, true);
test(matches, '/var/**', '/varnish', false, true);
test(matches, 'a.b', 'axb', false);
test(matches, '', '', true);

test('a hostile pattern takes linear time', async (t) => {
  const matcher = globMatcher(`${'*a'.repeat(200)}b`);
  const deep = globMatcher(`${'**/a*'.repeat(100)}b`, { deep: true });
  t.false(await endsSoon(t, () => matcher.test('a'.repeat(4000))));
  t.false(await endsSoon(t, () => deep.test('a/'.repeat(2000))));
});

test('every text matches itself when its special characters are escaped', (t) => {
  fc.assert(
    fc.property(fc.string(), (text) => globMatcher(text.replace(/[*?[\\]/g, '\\$&'), { deep: true }).test(text)),
  );
  t.pass();
});

test('what stands between stars is found in order', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-z]{0,4}$/)),
      fc.array(fc.stringMatching(/^[a-z]{0,4}$/)),
      (parts, gaps) => {
        const text = parts.map((part, index) => part + (index < parts.length - 1 ? (gaps[index] ?? '') : '')).join('');
        return globMatcher(parts.join('*')).test(text);
      },
    ),
  );
  t.pass();
});

test('expanding a pattern gives paths of the guest in order, hidden ones left out', (t) => {
  const guest = memoryGuest({
    '/etc/d/b.conf': '',
    '/etc/d/a.conf': '',
    '/etc/d/.c.conf': '',
    '/etc/d/x': '',
    '/etc/e/a.conf': '',
  });
  t.deepEqual(expandGlob(guest, '/etc/d/*.conf'), ['/etc/d/a.conf', '/etc/d/b.conf']);
  t.deepEqual(expandGlob(guest, '/etc/*/a.conf'), ['/etc/d/a.conf', '/etc/e/a.conf']);
  t.deepEqual(expandGlob(guest, '/etc/d/.*.conf'), ['/etc/d/.c.conf']);
  t.deepEqual(expandGlob(guest, '/etc/d/../e/./a.conf'), ['/etc/e/a.conf']);
  t.deepEqual(expandGlob(guest, '/etc/none/*'), []);
  t.true(isGlob('a[b]'));
  t.false(isGlob('a/b'));
});
