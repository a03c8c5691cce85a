import { isSecretVariable, MIN_SECRET_LENGTH, secretWords } from '../../syntax/secret-words.js';
import { quoteShell } from '../../syntax/shell.js';

export type Variable = readonly [name: string, value: string];

/**
 * Words of a shell in which no secret stands: each is a variable of the environment, the service's own where it has one
 * of that value.
 */
export function secretFinder(environment: readonly Variable[]): {
  quote(words: readonly string[]): string[];
  found(): Variable[];
} {
  const known = new Map(
    environment
      .filter(([name, value]) => isSecretVariable(name, value) && value.length >= MIN_SECRET_LENGTH)
      .map(([name, value]) => [value, name]),
  );
  const taken = new Set(environment.map(([name]) => name));
  const made: Variable[] = [];
  const variableOf = (value: string): string => {
    const own = known.get(value);
    if (own !== undefined) return own;
    let number = made.length + 1;
    while (taken.has(`PREPARATION_${number}_SECRET`)) number += 1;
    const name = `PREPARATION_${number}_SECRET`;
    taken.add(name);
    known.set(value, name);
    made.push([name, value]);
    return name;
  };
  const quote = (words: readonly string[]): string[] => {
    const ranges = new Map(secretWords(words).map((range) => [range.word, range]));
    return words.map((word, index) => {
      const range = ranges.get(index);
      if (range !== undefined) {
        const name = variableOf(word.slice(range.start, range.end));
        return joined([word.slice(0, range.start), { name }, word.slice(range.end)]);
      }
      const parts = [...known].reduce<ShellPart[]>((given, [value, name]) => splitAt(given, value, name), [word]);
      return joined(parts);
    });
  };
  return { quote, found: () => made };
}

type ShellPart = string | { readonly name: string };

function joined(parts: readonly ShellPart[]): string {
  const text = parts
    .filter((part) => part !== '')
    .map((part) => (typeof part === 'string' ? quoteShell(part) : `"$${part.name}"`))
    .join('');
  return text === '' ? "''" : text;
}

function splitAt(parts: readonly ShellPart[], value: string, name: string): ShellPart[] {
  return parts.flatMap((part): ShellPart[] =>
    typeof part === 'string' && value !== ''
      ? part.split(value).flatMap((piece, index): ShellPart[] => (index === 0 ? [piece] : [{ name }, piece]))
      : [part],
  );
}
