/** What apt authenticates with at one archive. */
export interface ArchiveCredential {
  /** `HOST[:PORT][/PATH]`, perhaps with a protocol before it. */
  readonly machine: string;
  readonly login: string;
  readonly password: string;
}

const MAX_WORDS = 3000;

/** Entries of apt_auth.conf(5): words in any number of lines; a line that begins with `#` is a comment. */
export function parseAptAuth(text: string): ArchiveCredential[] {
  const words = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(/\s+/).filter((word) => word !== ''))
    .slice(0, MAX_WORDS);
  const found: { machine: string; login?: string; password?: string }[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const value = words[at + 1]!;
    if (words[at] === 'machine') found.push({ machine: value });
    else if (words[at] === 'login') Object.assign(found.at(-1) ?? {}, { login: value });
    else if (words[at] === 'password') Object.assign(found.at(-1) ?? {}, { password: value });
    else {
      // `default`, which no archive needs, has no value: what follows belongs to nobody.
      found.push({ machine: '' });
      at -= 1;
    }
  }
  return found.flatMap(({ machine, login, password }) =>
    machine === '' || login === undefined || password === undefined ? [] : [{ machine, login, password }],
  );
}

/** The host that an entry is for, in lower case, without port. */
export function hostOf({ machine }: Pick<ArchiveCredential, 'machine'>): string {
  return machine
    .replace(/^[a-z0-9+.-]+:\/\//i, '')
    .replace(/[/:].*$/s, '')
    .toLowerCase();
}

/** The text of a file with these entries. */
export function aptAuth(entries: readonly ArchiveCredential[]): string {
  return entries
    .map(({ machine, login, password }) => `machine ${machine} login ${login} password ${password}\n`)
    .join('');
}
