import { Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { oneLine } from '../text.js';
import type { TextPart } from './secrets.js';

/** YAML as every reader of Compose files takes it: quoted, in ASCII, and with Compose's own signs escaped. */

/** Keys that some reader of YAML 1.1 takes for something else than text (`no`, and `e-0` for a number) are quoted. */
export function key(name: string): Scalar {
  const scalar = new Scalar(name);
  const isPlain =
    /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(name) &&
    !/^_*e[-+]?[\d_]+$/i.test(name);
  if (!isPlain) scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

/** Literal text: Compose replaces `$NAME`, `$$` is a dollar. */
export function text(value: string): Scalar {
  const scalar = new Scalar(value.replaceAll('$', '$$$$'));
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

export function interpolated(parts: readonly TextPart[]): Scalar {
  const value = parts.map((part) =>
    typeof part === 'string' ? part.replaceAll('$', '$$$$') : `\${${part.name}?see .env}`,
  );
  const scalar = new Scalar(value.join(''));
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

export function words(command: readonly (readonly TextPart[])[]): YAMLSeq {
  const sequence = list(command.map(interpolated));
  sequence.flow = false;
  return sequence;
}

export function list(items: readonly unknown[]): YAMLSeq {
  const sequence = new YAMLSeq();
  for (const item of items) sequence.add(item);
  return sequence;
}

export type Entry = readonly [name: string, value: unknown];

export function entry(name: string, value: unknown): Entry {
  return [name, value];
}

export function map(...entries: readonly Entry[]): YAMLMap {
  const result = new YAMLMap();
  for (const [name, value] of entries) result.add(new Pair(key(name), value));
  return result;
}

export function commented(name: string, value: unknown, notes: readonly string[], spaced = false): Pair {
  const scalar = key(name);
  scalar.commentBefore = notes.map((note) => ` ${oneLine(note)}`).join('\n');
  scalar.spaceBefore = spaced;
  return new Pair(scalar, value);
}

/** Only ASCII: YAML 1.1 readers refuse some characters, and fold lines at others. */
export function printable(yaml: string): string {
  let result = '';
  for (const character of yaml) {
    const code = character.codePointAt(0)!;
    if (code < 0x7f) result += character;
    else
      result += code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  }
  return result;
}
