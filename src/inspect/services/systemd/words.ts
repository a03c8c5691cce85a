/**
 * Splits a value into words as systemd does (systemd.syntax(7), Quoting; systemd.service(5), Command Lines): single and
 * double quotes are removed, C-style escapes are undone in both and outside of them. An unterminated quote ends with
 * the text. `raw` tells which words were written without quotes or escapes.
 */
export function splitWords(text: string): { readonly value: string; readonly raw: boolean }[] {
  const words: { value: string; raw: boolean }[] = [];
  let position = 0;
  while (position < text.length && words.length < MAX_WORDS) {
    while (position < text.length && isBlank(text[position]!)) position += 1;
    if (position >= text.length) break;
    let value = '';
    let raw = true;
    let quote = '';
    for (; position < text.length; position += 1) {
      const character = text[position]!;
      if (character === '\\' && position + 1 < text.length) {
        const undone = escapedCharacter(text, position + 1);
        value += undone.value;
        position += undone.length;
        raw = false;
      } else if (quote !== '') {
        if (character === quote) quote = '';
        else value += character;
      } else if (character === '"' || character === "'") {
        quote = character;
        raw = false;
      } else if (isBlank(character)) break;
      else value += character;
    }
    words.push({ value, raw });
  }
  return words;
}

const MAX_WORDS = 10_000;

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** The character behind the backslash at `position - 1`; unknown escapes keep their backslash. */
function escapedCharacter(text: string, position: number): { value: string; length: number } {
  const letter = text[position]!;
  const simple = Object.hasOwn(SIMPLE_ESCAPES, letter) ? SIMPLE_ESCAPES[letter] : undefined;
  if (simple !== undefined) return { value: simple, length: 1 };
  const coded = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(
    text.slice(position, position + 9),
  );
  if (coded !== null) {
    const code =
      coded[4] === undefined ? Number.parseInt((coded[1] ?? coded[2] ?? coded[3])!, 16) : Number.parseInt(coded[4], 8);
    if (code > 0 && code <= 0x10ffff) return { value: String.fromCodePoint(code), length: coded[0].length };
  }
  return { value: `\\${letter}`, length: 1 };
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}
