/** Order of rpm versions, and which versions a dependency accepts: rpm-version(7), and `rpmvercmp` of rpm. */

/** A capability with the versions it is provided or asked for in; without an operator, any version. */
export interface RpmRange {
  readonly operator?: '<' | '<=' | '=' | '>=' | '>';
  readonly version?: string;
}

export interface RpmVersion {
  /** Digits; `0` when there is none. */
  readonly epoch: string;
  readonly version: string;
  /** Undefined when none is written: then releases are not compared. */
  readonly release: string | undefined;
}

/** Negative when `a` (`[epoch:]version[-release]`) is older than `b`, positive when newer, 0 when rpm holds them equal. */
export function compareRpmVersions(a: string, b: string): number {
  return compareParsed(parseRpmVersion(a), parseRpmVersion(b));
}

export function parseRpmVersion(text: string): RpmVersion {
  const colon = text.indexOf(':');
  const hasEpoch = colon > 0 && isNumber(text.slice(0, colon));
  const rest = hasEpoch ? text.slice(colon + 1) : text.startsWith(':') ? text.slice(1) : text;
  const dash = rest.lastIndexOf('-');
  return {
    epoch: hasEpoch ? text.slice(0, colon) : '0',
    version: dash === -1 ? rest : rest.slice(0, dash),
    release: dash === -1 ? undefined : rest.slice(dash + 1),
  };
}

/** Whether some version is in both ranges, as rpm decides it (`rpmdsCompare`). */
export function rpmRangesOverlap(a: RpmRange, b: RpmRange): boolean {
  if (a.operator === undefined || b.operator === undefined) return true;
  if (a.version === undefined || b.version === undefined) return true;
  const order = compareRpmVersions(a.version, b.version);
  const [aLess, aEqual, aGreater] = directions(a.operator);
  const [bLess, bEqual, bGreater] = directions(b.operator);
  if (order < 0) return aGreater || bLess;
  if (order > 0) return aLess || bGreater;
  return (aEqual && bEqual) || (aLess && bLess) || (aGreater && bGreater);
}

/**
 * Compares one part: runs of digits as numbers, runs of letters as text, digits newer than letters, everything else
 * only separates. `~` sorts before the end of the text, `^` behind it and before anything else.
 */
export function compareRpmParts(a: string, b: string): number {
  if (a === b) return 0;
  let left = 0;
  let right = 0;
  while (left < a.length || right < b.length) {
    left = skipSeparators(a, left);
    right = skipSeparators(b, right);
    const leftSign = a[left];
    const rightSign = b[right];
    if (leftSign === '~' || rightSign === '~') {
      if (leftSign !== '~') return 1;
      if (rightSign !== '~') return -1;
      left += 1;
      right += 1;
      continue;
    }
    if (leftSign === '^' || rightSign === '^') {
      if (leftSign === undefined) return -1;
      if (rightSign === undefined) return 1;
      if (leftSign !== '^') return 1;
      if (rightSign !== '^') return -1;
      left += 1;
      right += 1;
      continue;
    }
    if (leftSign === undefined || rightSign === undefined) break;
    const numeric = isDigit(leftSign);
    const leftEnd = endOfRun(a, left, numeric);
    const rightEnd = endOfRun(b, right, numeric);
    if (rightEnd === right) return numeric ? 1 : -1;
    const first = a.slice(left, leftEnd);
    const second = b.slice(right, rightEnd);
    const order = numeric ? compareNumbers(first, second) : first < second ? -1 : first > second ? 1 : 0;
    if (order !== 0) return order;
    left = leftEnd;
    right = rightEnd;
  }
  if (left >= a.length && right >= b.length) return 0;
  return left >= a.length ? -1 : 1;
}

function compareParsed(a: RpmVersion, b: RpmVersion): number {
  const order = compareNumbers(a.epoch, b.epoch) || compareRpmParts(a.version, b.version);
  if (order !== 0 || !a.release || !b.release) return order;
  return compareRpmParts(a.release, b.release);
}

function directions(operator: NonNullable<RpmRange['operator']>): [boolean, boolean, boolean] {
  return [operator.startsWith('<'), operator.endsWith('='), operator.startsWith('>')];
}

/** Numbers of any length. */
function compareNumbers(a: string, b: string): number {
  const first = a.slice(leadingZeros(a));
  const second = b.slice(leadingZeros(b));
  if (first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : first > second ? 1 : 0;
}

function leadingZeros(text: string): number {
  let count = 0;
  while (text[count] === '0') count += 1;
  return count;
}

function skipSeparators(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isDigit(text[at]!) && !isLetter(text[at]!) && text[at] !== '~' && text[at] !== '^') {
    at += 1;
  }
  return at;
}

function endOfRun(text: string, from: number, numeric: boolean): number {
  let end = from;
  while (end < text.length && (numeric ? isDigit(text[end]!) : isLetter(text[end]!))) end += 1;
  return end;
}

function isNumber(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isLetter(character: string): boolean {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}
