/** Order of dpkg versions: deb-version(7), "Sorting algorithm". */

/** Negative when `a` is older than `b`, positive when newer, 0 when dpkg holds them equal (`1.0` and `1.0-0`). */
export function compareDpkgVersions(a: string, b: string): number {
  const left = splitVersion(a);
  const right = splitVersion(b);
  return (
    left.epoch - right.epoch ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function splitVersion(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const epoch = colon === -1 ? 0 : Number.parseInt(version.slice(0, colon), 10) || 0;
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return dash === -1
    ? { epoch, upstream: rest, revision: '' }
    : { epoch, upstream: rest.slice(0, dash), revision: rest.slice(dash + 1) };
}

/** Alternates between a stretch without digits, compared by {@link weight}, and a number. */
function compareParts(a: string, b: string): number {
  let left = 0;
  let right = 0;
  while (left < a.length || right < b.length) {
    while ((left < a.length && !isDigit(a, left)) || (right < b.length && !isDigit(b, right))) {
      const difference = weight(a, left) - weight(b, right);
      if (difference !== 0) return difference;
      left += 1;
      right += 1;
    }
    while (a[left] === '0') left += 1;
    while (b[right] === '0') right += 1;
    let firstDifference = 0;
    while (isDigit(a, left) && isDigit(b, right)) {
      firstDifference ||= a.charCodeAt(left) - b.charCodeAt(right);
      left += 1;
      right += 1;
    }
    if (isDigit(a, left)) return 1;
    if (isDigit(b, right)) return -1;
    if (firstDifference !== 0) return firstDifference;
  }
  return 0;
}

/** `~` before the end, the end and digits before letters, letters before everything else. */
function weight(text: string, position: number): number {
  if (position >= text.length || isDigit(text, position)) return 0;
  const character = text[position]!;
  if (character === '~') return -1;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}

function isDigit(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  return code >= 48 && code <= 57;
}
