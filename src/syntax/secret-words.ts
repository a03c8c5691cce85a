/** Finding values in command lines and environments that whoever holds them can use. */

const SECRET_NAME =
  /(?:pass(?:word|wd|phrase)?|secret|token|api_?key|access_?key|private_?key|auth_?key|encryption_?key|master_?key|secret_?key|requirepass|masterauth|credentials?|cookie|dsn)$/i;
/** Names that end like a secret's and hold a path, a number or a switch. */
const HARMLESS_NAME = /(?:no|without|ask|show|use|max|min|hide|keep|prompt)[_-]?pass(?:word)?$|bypass$|compass$/i;
const MAX_NAME = 200;

export const MASK = '********';

/** Whether a variable or option of this name holds a secret. */
export function isSecretName(name: string): boolean {
  const bare = name.slice(-MAX_NAME).replace(/^-+/, '').replaceAll('-', '_');
  return SECRET_NAME.test(bare) && !HARMLESS_NAME.test(bare);
}

/** Whether the value of a variable holds a secret: by its name, as `scheme://user:password@host`, or as a private key. */
export function isSecretVariable(name: string, value: string): boolean {
  if (value === '' || isPath(value)) return false;
  return isSecretName(name) || privateKey(value) !== null || userInfo(value) !== null;
}

/** Where secrets are in a command: each from `start` to the end of its word, to the `@` of a URL, or to the end of a key. */
export function secretWords(command: readonly string[]): { word: number; start: number; end: number }[] {
  const found: { word: number; start: number; end: number }[] = [];
  command.forEach((text, word) => {
    const equals = text.indexOf('=');
    const name = equals === -1 ? '' : text.slice(0, equals);
    const before = command[word - 1] ?? '';
    if (equals > 0 && isSecretName(name) && equals + 1 < text.length && !isPath(text.slice(equals + 1))) {
      found.push({ word, start: equals + 1, end: text.length });
    } else if (word > 0 && /^-/.test(before) && !before.includes('=') && isSecretName(before) && isValue(text)) {
      found.push({ word, start: 0, end: text.length });
    } else {
      const inside = privateKey(text) ?? userInfo(text);
      if (inside !== null) found.push({ word, ...inside });
    }
  });
  return found;
}

/** The command with secrets masked. */
export function maskCommand(command: readonly string[]): string[] {
  const masked = [...command];
  for (const { word, start, end } of secretWords(command)) {
    masked[word] = `${masked[word]!.slice(0, start)}${MASK}${masked[word]!.slice(end)}`;
  }
  return masked;
}

export function maskEnvironment(environment: Readonly<Record<string, string>>): Record<string, string> {
  const masked = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(environment)) masked[name] = isSecretVariable(name, value) ? MASK : value;
  return masked;
}

function isValue(text: string): boolean {
  return text !== '' && !text.startsWith('-') && !isPath(text);
}

/** A file that holds the secret rather than the secret itself. */
function isPath(text: string): boolean {
  return /^(?:\/|\.{1,2}\/|file:)[^\s]*$/.test(text);
}

/** A private key in PEM or OpenPGP armour (RFC 7468, RFC 9580), whatever its line ends, or that in base64 once more. */
function privateKey(text: string): { start: number; end: number } | null {
  const begin = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/.exec(text);
  if (begin !== null) {
    const tail = /-----END [A-Z0-9 ]{1,60}-----/g;
    tail.lastIndex = begin.index + begin[0].length;
    const end = tail.exec(text);
    return { start: begin.index, end: end === null ? text.length : tail.lastIndex };
  }
  const start = text.indexOf(ENCODED_BEGIN);
  if (start === -1) return null;
  const head = Buffer.from(text.slice(start, start + 88), 'base64').toString('latin1');
  if (!/^-----BEGIN [A-Z0-9 ]{0,60}PRIVATE KEY/.test(head)) return null;
  const stop = text.slice(start).search(/[^A-Za-z0-9+/=\s\\]/);
  return { start, end: stop === -1 ? text.length : start + stop };
}

/** `-----BEGIN ` in base64, but for its last character. */
const ENCODED_BEGIN = 'LS0tLS1CRUdJTi';

/** The password in `scheme://user:password@host` (RFC 3986, section 3.2.1). */
function userInfo(text: string): { start: number; end: number } | null {
  const scheme = text.indexOf('://');
  if (scheme === -1) return null;
  const from = scheme + 3;
  const rest = text.slice(from, from + 1000);
  const stop = rest.search(/[/?#\s]/);
  const authority = stop === -1 ? rest : rest.slice(0, stop);
  const at = authority.lastIndexOf('@');
  const colon = authority.indexOf(':');
  return colon === -1 || at <= colon + 1 ? null : { start: from + colon + 1, end: from + at };
}

/** Shorter values are too likely to be part of something else. */
export const MIN_SECRET_LENGTH = 6;

/** The secrets themselves, longest first, to find where else they stand. */
export function secretValues(command: readonly string[], environment: Readonly<Record<string, string>>): string[] {
  const values = new Set(secretWords(command).map(({ word, start, end }) => command[word]!.slice(start, end)));
  for (const [name, value] of Object.entries(environment)) if (isSecretVariable(name, value)) values.add(value);
  return [...values]
    .filter((value) => value.length >= MIN_SECRET_LENGTH)
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
}

export function maskValues(text: string, values: readonly string[]): string {
  return values.reduce((masked, value) => masked.replaceAll(value, MASK), text);
}
