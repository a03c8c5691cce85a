import test from 'ava';
import fc from 'fast-check';
import { childText, parseXml } from '../../../src/disk/descriptors/xml.js';
import { AppError } from '../../../src/errors.js';
import { endsSoon } from '../../patience.js';

const parse = (text: string) => parseXml(Buffer.from(text), 'x.xml');

test('names lose their prefix, entities of XML itself are decoded, comments and CDATA are no elements', (t) => {
  const root = parse('<?xml version="1.0"?><a:r xmlns:a="u" a:k="1 &lt; 2"><!-- no --><b>x &amp; &#65;</b></a:r>');
  t.is(root.name, 'r');
  t.is(root.attributes.get('k'), '1 < 2');
  t.is(childText(root, 'b'), 'x & A');
});

for (const [what, text] of [
  ['that declares entities', '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>'],
  ['that reads a file', '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>'],
  ['that is nested without end', '<a>'.repeat(100_000)],
  ['with far too many elements', `<r>${'<a/>'.repeat(200_001)}</r>`],
  ['with two roots', '<a/><b/>'],
  ['that is none', 'plain text'],
  ['that is not closed', '<a><b></a>'],
] as const) {
  test(`a document ${what} is refused quickly`, async (t) => {
    const error = await endsSoon(t, () => t.throws<AppError>(() => parse(text)));
    t.is(error.code, 'descriptor-invalid');
  });
}

test('elements and attributes with the names of object properties harm nothing', (t) => {
  t.throws<AppError>(() => parse('<r><__proto__><x>1</x></__proto__></r>'), { code: 'descriptor-invalid' });
  t.is(parse('<r valueOf="1"><toString>2</toString></r>').name, 'r');
  t.is(({} as Record<string, unknown>).x, undefined);
});

test('any text is parsed or refused, without any other failure', (t) => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    'b',
    '="',
    '"',
    '&',
    ';',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?',
    '?>',
    ' ',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      try {
        parse(pieces.join(''));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
