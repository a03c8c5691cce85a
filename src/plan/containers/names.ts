const MAX_LENGTH = 63;

/** A word of `[a-z0-9-]`, with a number at its end when the word is taken already; the name is then taken as well. */
export function uniqueName(text: string, taken: Set<string>, prefix = ''): string {
  const bare = text
    .slice(0, 1000)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-|-$/g, '');
  const word = bare === '' ? 'x' : bare;
  let name = word;
  for (let number = 2; taken.has(prefix + name); number += 1) name = `${word}-${number}`;
  taken.add(prefix + name);
  return name;
}
