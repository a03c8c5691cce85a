/** Order of pacman versions `[epoch:]version[-release]`: vercmp(8). Like rpm's, but separators and final letters count. */

/** Negative when `a` is older than `b`, positive when newer, 0 when pacman holds them equal (a missing release is). */
export function comparePacmanVersions(a: string, b: string): number {
  if (a === b) return 0;
  const left = parse(a);
  const right = parse(b);
  const order = compareParts(left.epoch, right.epoch) || compareParts(left.version, right.version);
  if (order !== 0 || left.release === undefined || right.release === undefined) return order;
  return compareParts(left.release, right.release);
}

function parse(text: string): { epoch: string; version: string; release: string | undefined } {
  const colon = /^[0-9]*:/.exec(text)?.[0].length ?? 0;
  const rest = text.slice(colon);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 2 ? '0' : text.slice(0, colon - 1),
    version: dash === -1 ? rest : rest.slice(0, dash),
    release: dash === -1 ? undefined : rest.slice(dash + 1),
  };
}

function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  let left = 0;
  let right = 0;
  while (left < a.length && right < b.length) {
    const firstStart = skip(a, left, isSeparator);
    const secondStart = skip(b, right, isSeparator);
    const [firstGap, secondGap] = [firstStart - left, secondStart - right];
    [left, right] = [firstStart, secondStart];
    if (left >= a.length || right >= b.length) break;
    // `1..0` is newer than `1.0`.
    if (firstGap !== secondGap) return firstGap - secondGap;
    const numeric = isDigit(a[left]!);
    const member = numeric ? isDigit : isLetter;
    const firstEnd = skip(a, left, member);
    const secondEnd = skip(b, right, member);
    if (secondEnd === right) return numeric ? 1 : -1;
    const order = compareRuns(a.slice(left, firstEnd), b.slice(right, secondEnd), numeric);
    if (order !== 0) return order;
    [left, right] = [firstEnd, secondEnd];
  }
  if (left >= a.length && right >= b.length) return 0;
  // Letters left over never beat the end: `1.0beta` is older than `1.0`.
  const firstIsLetter = left < a.length && isLetter(a[left]!);
  const secondIsLetter = right < b.length && isLetter(b[right]!);
  return firstIsLetter || (left >= a.length && !secondIsLetter) ? -1 : 1;
}

function compareRuns(a: string, b: string, numeric: boolean): number {
  const first = numeric ? a.replace(/^0+/, '') : a;
  const second = numeric ? b.replace(/^0+/, '') : b;
  if (numeric && first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : first > second ? 1 : 0;
}

function skip(text: string, from: number, member: (character: string) => boolean): number {
  let end = from;
  while (end < text.length && member(text[end]!)) end += 1;
  return end;
}

function isSeparator(character: string): boolean {
  return !isDigit(character) && !isLetter(character);
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isLetter(character: string): boolean {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}
