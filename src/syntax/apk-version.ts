/**
 * Order of apk versions: `digits{.digits}[letter]{_suffix[digits]}[~hash][-rN]` (apk-package(5)). Numbers behind the
 * first that begin with a zero compare as text, as Gentoo's do.
 */

/** Negative when `a` is older than `b`, positive when newer, 0 when apk holds them equal. */
export function compareApkVersions(a: string, b: string): number {
  const left = tokenize(a);
  const right = tokenize(b);
  for (let index = 0; ; index += 1) {
    const first = left[index] ?? END;
    const second = right[index] ?? END;
    if (first.kind !== second.kind) return compareKinds(first, second);
    if (first === END) return 0;
    const order = compareTokens(first, second);
    if (order !== 0) return order;
  }
}

/** Whether `version` is `prefix` or goes on behind it at the end of a part: `1.2.3` begins with `1.2`, not with `1`-`12`. */
export function apkVersionBegins(version: string, prefix: string): boolean {
  const whole = tokenize(version);
  return tokenize(prefix).every((token, index) => {
    const other = whole[index];
    return other !== undefined && other.kind === token.kind && compareTokens(other, token) === 0;
  });
}

/** What may follow, in the order that decides between versions that are equal so far: what comes first is newer. */
const KINDS = ['invalid', 'number', 'letter', 'suffix', 'suffix-number', 'hash', 'revision', 'end'] as const;

interface Token {
  readonly kind: (typeof KINDS)[number];
  readonly text: string;
}

const END: Token = { kind: 'end', text: '' };
const BEFORE_RELEASE = ['alpha', 'beta', 'pre', 'rc'];
const AFTER_RELEASE = ['cvs', 'svn', 'git', 'hg', 'p'];
const MAX_TOKENS = 256;

function tokenize(version: string): Token[] {
  const tokens: Token[] = [];
  let rest = version.slice(0, 1024);
  while (rest !== '' && tokens.length < MAX_TOKENS) {
    const last = tokens.at(-1)?.kind;
    const match =
      (last === undefined ? take('number', /^0*([0-9]+)/, rest) : undefined) ??
      (last === 'number' ? (take('number', /^\.([0-9]+)/, rest) ?? take('letter', /^([a-z])/, rest)) : undefined) ??
      (last === 'suffix' ? take('suffix-number', /^([0-9]+)/, rest) : undefined) ??
      take('suffix', /^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)/, rest) ??
      take('hash', /^~([0-9a-f]+)/, rest) ??
      take('revision', /^-r([0-9]+)/, rest);
    if (match === undefined) {
      tokens.push({ kind: 'invalid', text: rest });
      break;
    }
    tokens.push(match.token);
    rest = rest.slice(match.length);
  }
  return tokens;
}

function take(kind: Token['kind'], pattern: RegExp, text: string): { token: Token; length: number } | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : { token: { kind, text: match[1]! }, length: match[0].length };
}

function compareTokens(a: Token, b: Token): number {
  switch (a.kind) {
    case 'number':
      return startsWithZero(a.text) || startsWithZero(b.text)
        ? compareText(a.text, b.text)
        : compareNumbers(a.text, b.text);
    case 'suffix-number':
    case 'revision':
      return compareNumbers(a.text, b.text);
    case 'suffix':
      return suffixRank(a.text) - suffixRank(b.text);
    default:
      return compareText(a.text, b.text);
  }
}

/** The longer version is newer, unless what it has more marks a time before the release. */
function compareKinds(a: Token, b: Token): number {
  if (a.kind === 'suffix' && BEFORE_RELEASE.includes(a.text)) return -1;
  if (b.kind === 'suffix' && BEFORE_RELEASE.includes(b.text)) return 1;
  return KINDS.indexOf(b.kind) - KINDS.indexOf(a.kind);
}

function suffixRank(suffix: string): number {
  const before = BEFORE_RELEASE.indexOf(suffix);
  return before === -1 ? AFTER_RELEASE.indexOf(suffix) + 1 : before - BEFORE_RELEASE.length;
}

function startsWithZero(digits: string): boolean {
  return digits.length > 1 && digits.startsWith('0');
}

function compareNumbers(a: string, b: string): number {
  const first = a.replace(/^0+/, '');
  const second = b.replace(/^0+/, '');
  return first.length - second.length || compareText(first, second);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
