import test from 'ava';
import fc from 'fast-check';
import { parseApache } from '../../../../src/inspect/ports/formats/apache.js';
import {
  BIND_STYLE,
  HCL_STYLE,
  NGINX_STYLE,
  parseBlocks,
  type Statement,
} from '../../../../src/inspect/ports/formats/blocks.js';
import { INI_STYLE, PROPERTIES_STYLE, parseLines, TOML_STYLE } from '../../../../src/inspect/ports/formats/lines.js';
import { parseXml, walkXml } from '../../../../src/inspect/ports/formats/xml.js';
import { parseYaml } from '../../../../src/inspect/ports/formats/yaml.js';
import { endsSoon } from '../../../patience.js';

/** Text that looks enough like a configuration to reach the odd corners. */
const configuration = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{',
        '}',
        ';',
        '"',
        "'",
        '\\',
        '\n',
        '#',
        '/*',
        '*/',
        '//',
        '<',
        '>',
        '</',
        '[',
        ']',
        '=',
        ':',
        '- ',
        '${',
        '&a',
        '*a',
        '<!--',
        ' ',
        '\t',
      ),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 200 },
  )
  .map((pieces) => pieces.join(''));

test('no text makes a parser throw, and lines stay within the text', (t) => {
  fc.assert(
    fc.property(configuration, (text) => {
      const count = text.split('\n').length;
      const lines = [
        ...[NGINX_STYLE, BIND_STYLE, HCL_STYLE].flatMap((style) => linesOf(parseBlocks(text, style))),
        ...[INI_STYLE, PROPERTIES_STYLE, TOML_STYLE].flatMap((style) =>
          parseLines(text, style).map((entry) => entry.line),
        ),
        ...parseApache(text).map((directive) => directive.line),
        ...(parseYaml(text) ?? []).map((leaf) => leaf.line),
        ...[...walkXml(parseXml(text) ?? [])].map(({ element }) => element.line),
      ];
      return lines.every((line) => line >= 1 && line <= count);
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('deep nesting ends in bounded time without exhausting the stack', async (t) => {
  await endsSoon(t, () => {
    t.true(parseBlocks('a {'.repeat(100_000), NGINX_STYLE).length > 0);
    t.is(parseXml('<a>'.repeat(100_000)), null);
    t.is(parseYaml('['.repeat(100_000)), null);
    t.notThrows(() => parseYaml(Array.from({ length: 3000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')));
    t.true(parseApache('<IfModule x>\n'.repeat(20_000)).length > 0);
  });
});

test('blocks keep words, quotes and lines', (t) => {
  const [http] = parseBlocks('http {\n  # server { listen 1; }\n  server { listen "unix:/a b"; }\n}\n', NGINX_STYLE);
  t.deepEqual(http, {
    words: ['http'],
    line: 1,
    block: [{ words: ['server'], line: 3, block: [{ words: ['listen', 'unix:/a b'], line: 3, block: null }] }],
  });
});

test('statements of BIND end with a semicolon, also behind a block, and know three kinds of comments', (t) => {
  const text = 'options { // a\n listen-on port 53 /* x;\n y */ { any; }; # b\n};\n';
  const [options] = parseBlocks(text, BIND_STYLE);
  t.deepEqual(options?.block, [
    { words: ['listen-on', 'port', '53'], line: 2, block: [{ words: ['any'], line: 3, block: null }] },
  ]);
});

test('statements of HCL end with their line', (t) => {
  t.deepEqual(parseBlocks('listener "tcp" {\n  address = "127.0.0.1:8200"\n}\n', HCL_STYLE), [
    {
      words: ['listener', 'tcp'],
      line: 1,
      block: [{ words: ['address', '=', '127.0.0.1:8200'], line: 2, block: null }],
    },
  ]);
});

test('lines know sections, comments, continuation and quotes', (t) => {
  t.deepEqual(parseLines('[a]\n;x=1\nx = 1\n[[b]]\ny="2 # 3" # c\n', { ...TOML_STYLE, comments: '#;' }), [
    { section: 'a', key: 'x', value: '1', line: 3 },
    { section: 'b', key: 'y', value: '2 # 3', line: 5 },
  ]);
  t.deepEqual(parseLines('a=1\\\n  2\n! b=3\n', PROPERTIES_STYLE), [{ section: '', key: 'a', value: '1 2', line: 1 }]);
});

test('sections of Apache nest, and a section that closes twice does no harm', (t) => {
  const directives = parseApache(
    '<IfModule a>\n<IfDefine b>\nListen 1\n</IfDefine>\n</IfDefine>\nListen 2\n</IfModule>\nListen "3"\n',
  );
  const listens = directives.filter((directive) => directive.name === 'listen');
  t.deepEqual(
    listens.map(({ words, line, sections }) => [words[0], line, sections.length]),
    [
      ['1', 3, 2],
      ['2', 6, 1],
      ['3', 8, 0],
    ],
  );
});

test('YAML and JSON give scalars with dotted keys and lines, aliases unfollowed', (t) => {
  t.deepEqual(parseYaml('a: &x\n  b: [1, "2"]\nc: *x\n'), [
    { key: 'a.b.0', value: '1', line: 2 },
    { key: 'a.b.1', value: '2', line: 2 },
    { key: 'c', value: '*x', line: 3 },
  ]);
  t.deepEqual(parseYaml('{\n\t"a": {"b": true}\n}'), [{ key: 'a.b', value: 'true', line: 2 }]);
  t.is(parseYaml('a: [1'), null);
});

test('XML gives elements with lines, comments left out, entities untouched', (t) => {
  const text =
    '<!DOCTYPE x [<!ENTITY e "boom">]>\n<!-- <Connector port="1"/> -->\n<Server>\n  <Connector\n port="&e;"/>\n</Server>';
  const found = [...walkXml(parseXml(text) ?? [])].map(({ element }) => [
    element.name,
    element.line,
    element.attributes.get('port'),
  ]);
  t.deepEqual(found, [
    ['Server', 3, undefined],
    ['Connector', 4, '&e;'],
  ]);
});

function linesOf(statements: readonly Statement[]): number[] {
  return statements.flatMap((statement) => [statement.line, ...linesOf(statement.block ?? [])]);
}
