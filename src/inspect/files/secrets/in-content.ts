/** Secrets that the beginning of a file shows, whatever its name. */

/** Bytes of a file that are looked at. */
export const LOOKED_AT = 1024 * 1024;
/** Only text this short is looked at line by line. */
const MAX_SETTINGS = 64 * 1024;

const KEY_MARK = Buffer.from('-----BEGIN ');
/** RFC 7468 and OpenSSH's PROTOCOL.key; `\n` may be written out, as in JSON. */
const KEY_HEADER =
  /^-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|ENCRYPTED|ANY) )?PRIVATE KEY-----(?:\r?\n|\\r\\n|\\n)(?:[A-Za-z-]{1,40}: [^\n\\]{1,100}(?:\r?\n|\\n)){0,4}(?:\r?\n|\\n)?[ \t]*[A-Za-z0-9+/]{32}/;
const OTHER_MARKS: readonly (readonly [Buffer, string])[] = [
  [Buffer.from('-----BEGIN PGP PRIVATE KEY BLOCK-----\n'), 'gpg-private-key'],
  [Buffer.from('-----BEGIN OpenVPN Static key V1-----\n'), 'vpn-key'],
  [Buffer.from('PuTTY-User-Key-File-'), 'private-key'],
  [Buffer.from('AGE-SECRET-KEY-1'), 'private-key'],
];
const MAX_CANDIDATES = 100;

/**
 * The kind of secret in the content; undefined when there is none.
 * @param head The first {@link LOOKED_AT} bytes.
 * @param isSettings Whether the file may be a list of settings (in /etc, `.env`, …), so that `NAME=value` is a setting.
 */
export function secretInContent(head: Buffer, isSettings: boolean): string | undefined {
  if (hasPrivateKey(head)) return 'private-key';
  // Programs that write such files have the marks in them: at the start of a line, near the start of the file only.
  const start = head.subarray(0, 4096);
  for (const [mark, kind] of OTHER_MARKS) {
    const found = start.indexOf(mark);
    if (found === 0 || (found > 0 && start[found - 1] === 0x0a)) return kind;
  }
  return isSettings && head.length <= MAX_SETTINGS && hasCredential(head.toString('latin1'))
    ? 'credential-in-settings'
    : undefined;
}

/** A header that base64 follows: the header alone is in every program that reads keys. */
function hasPrivateKey(head: Buffer): boolean {
  let from = 0;
  for (let tries = 0; tries < MAX_CANDIDATES; tries += 1) {
    const found = head.indexOf(KEY_MARK, from);
    if (found === -1) return false;
    if (KEY_HEADER.test(head.toString('latin1', found, found + 1024))) return true;
    from = found + KEY_MARK.length;
  }
  return false;
}

const CREDENTIAL_WORDS = ['PASSWORD', 'PASSWD', 'SECRET', 'TOKEN', 'APIKEY', 'API_KEY', 'ACCESS_KEY', 'PRIVATE_KEY'];
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/:@]{1,100}:[^\s/@]{1,200}@/;

/** `DB_PASSWORD=x`, `export API_TOKEN="x"`, `DATABASE_URL=postgres://user:x@host`: environment files and their like. */
function hasCredential(text: string): boolean {
  if (text.includes('\0')) return false;
  for (const raw of text.split('\n')) {
    if (raw.length > 4096) continue;
    const equals = raw.indexOf('=');
    if (equals === -1) continue;
    const name = raw
      .slice(0, equals)
      .trim()
      .replace(/^(?:export|Environment=["']?)\s*/, '');
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name)) continue;
    const value = raw
      .slice(equals + 1)
      .trim()
      .replace(/^["']|["']$/g, '');
    if (URL_WITH_PASSWORD.test(value)) return true;
    const isCredential = name === name.toUpperCase() && CREDENTIAL_WORDS.some((word) => name.includes(word));
    // A path or a variable is where the secret is, not the secret.
    if (isCredential && value.length >= 4 && !/^[$/<%]/.test(value) && !/^(?:true|false|none|null)$/i.test(value))
      return true;
  }
  return false;
}
