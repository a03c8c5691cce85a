import test from 'ava';
import fc from 'fast-check';
import { clearSignedText, fieldValue, parseDeb822 } from '../../src/syntax/deb822.js';

test('paragraphs are parted by blank lines, and know their lines', (t) => {
  const paragraphs = parseDeb822('A: 1\nB: 2\n\n\nA: 3\n');
  t.deepEqual(
    paragraphs.map((item) => [item.line, fieldValue(item, 'A')]),
    [
      [1, '1'],
      [5, '3'],
    ],
  );
  t.is(paragraphs[0]!.fields.get('b')?.line, 2);
});

test('names compare without regard to case', (t) => {
  t.is(fieldValue(parseDeb822('Signed-by: x\n')[0]!, 'Signed-By'), 'x');
});

test('continuation lines lose one blank and stay lines', (t) => {
  const [paragraph] = parseDeb822('Conffiles:\n /etc/a b\n\t/etc/c\nNext: x');
  t.is(fieldValue(paragraph!, 'Conffiles'), '\n/etc/a b\n/etc/c');
  t.is(fieldValue(paragraph!, 'Next'), 'x');
});

test('carriage returns and comments are passed over', (t) => {
  const [paragraph] = parseDeb822('# head\r\nA: 1\r\n#B: 2\r\nC: 3\r\n');
  t.deepEqual([...paragraph!.fields.keys()], ['a', 'c']);
  t.is(fieldValue(paragraph!, 'A'), '1');
});

test('a broken line is a defect at its line, and the fields around it stay', (t) => {
  const [paragraph] = parseDeb822('A: 1\nno colon here\n of it\nB: 2\nA: 9\n');
  t.deepEqual(
    paragraph!.defects.map((defect) => defect.line),
    [2, 5],
  );
  t.is(fieldValue(paragraph!, 'A'), '1');
  t.is(fieldValue(paragraph!, 'B'), '2');
});

test('a continuation of nothing is a defect', (t) => {
  t.is(parseDeb822(' lost\nA: 1\n')[0]!.defects.length, 1);
});

test('names of prototype members are fields like others', (t) => {
  const [paragraph] = parseDeb822('__proto__: 1\nconstructor: 2\n');
  t.is(fieldValue(paragraph!, '__proto__'), '1');
  t.is(fieldValue(paragraph!, 'toString'), undefined);
});

test('any text is read without an exception, and no field is invented', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 400, unit: fc.constantFrom('a', ':', ' ', '\n', '\t', '#', '\r') }), (text) => {
      for (const { fields } of parseDeb822(text)) {
        for (const name of fields.keys()) if (!text.toLowerCase().includes(`${name}:`)) return false;
      }
      return true;
    }),
  );
  t.pass();
});

test('a clear-signed message gives its text without armour and signature', (t) => {
  const signed =
    '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Debian\nSuite: stable\n-----BEGIN PGP SIGNATURE-----\n\nabc\n';
  t.is(clearSignedText(signed), 'Origin: Debian\nSuite: stable\n');
  t.is(clearSignedText('Origin: Debian\n'), 'Origin: Debian\n');
});
