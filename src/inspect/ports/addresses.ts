export interface Endpoint {
  /** As written, brackets removed; empty when only a port was given. */
  readonly host: string;
  /** As written; empty when only a host was given. */
  readonly port: string;
  readonly scheme: string;
}

/**
 * Takes `8080`, `:8080`, `host:8080`, `[::1]:8080`, `*:8080`, `tcp://host:8080/path`, `host`, `[::1]`, `::1` apart.
 * Null for a Unix socket (`unix:…`, `/path`, `@abstract`) and for text that is none of these.
 */
export function parseEndpoint(text: string): Endpoint | null {
  const scheme = /^([a-z][a-z0-9+.-]{0,31}):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
  const authority = (scheme === '' ? text : text.slice(scheme.length + 3)).split(/[/?#]/, 1)[0]!.trim();
  if (/^(?:unix|unixs|ipc|fd|abns)/.test(scheme) || /^(?:unix:|\/|@|fd:\/\/)/.test(text)) return null;
  if (/^\d{1,5}$/.test(authority)) return { host: '', port: authority, scheme };
  const bracketed = /^\[([^\]]*)\](?::([A-Za-z0-9-]{1,32}))?$/.exec(authority);
  if (bracketed !== null) return { host: withoutZone(bracketed[1]!), port: bracketed[2] ?? '', scheme };
  if (isIPv6(withoutZone(authority))) return { host: withoutZone(authority), port: '', scheme };
  const plain = /^([A-Za-z0-9_.*-]{0,255})(?::([A-Za-z0-9-]{1,32}))?$/.exec(authority);
  if (plain === null || (plain[1] === '' && plain[2] === undefined)) return null;
  return { host: plain[1]!, port: plain[2] ?? '', scheme };
}

/** A port number 1…65535, or null. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}

/**
 * What a program does with the wildcards: `separate` binds `0.0.0.0` and `::` each for its own family; `mapped` leaves
 * IPV6_V6ONLY alone, so that `::` takes both (Linux, bindv6only=0); `either` takes both for `0.0.0.0` too, as Go's
 * net.Listen and Java's sockets do.
 */
export type WildcardHabit = 'separate' | 'mapped' | 'either';

/**
 * What a program does with a name that has several addresses: listen on `all` of them; on one, of `ipv4` if there is any
 * (Go's net.Listen, Java's InetAddress.getByName); on the `first` that getaddrinfo(3) gives, which puts ::1 before
 * 127.0.0.1 (RFC 6724).
 */
export type NameHabit = 'all' | 'ipv4' | 'first';

/** The report's form of a host: `*`, `0.0.0.0`, `::` or the literal; names are looked up in the guest's hosts file. */
export function reportedAddresses(
  host: string,
  hosts: ReadonlyMap<string, readonly string[]>,
  habit: WildcardHabit,
  names: NameHabit = habit === 'either' ? 'ipv4' : 'all',
): string[] {
  if (host === '' || host === '*') return ['*'];
  if (host === '0.0.0.0' || host === '0') return [habit === 'either' ? '*' : '0.0.0.0'];
  if (isIPv6(host)) {
    if (/^[0:]+$/.test(host)) return [habit === 'separate' ? '::' : '*'];
    return [host.toLowerCase()];
  }
  if (isIPv4(host)) return [host];
  const known = hosts.get(host.toLowerCase()) ?? (host.toLowerCase() === 'localhost' ? ['127.0.0.1', '::1'] : []);
  if (names === 'all') return [...known];
  const preferred = known.find((address) => address.includes(':') === (names === 'first'));
  return [preferred ?? known[0]].filter((address) => address !== undefined);
}

/** Names of /etc/hosts → addresses in order, as hosts(5) has it. */
export function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n', 10_000)) {
    const [address, ...names] = line.slice(0, 4096).replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined || (!isIPv4(address) && !isIPv6(address))) continue;
    for (const name of names) {
      const known = hosts.get(name.toLowerCase());
      if (known === undefined) hosts.set(name.toLowerCase(), [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return hosts;
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function withoutZone(host: string): string {
  return host.replace(/%.*$/, '');
}

function isIPv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

/** RFC 4291, section 2.2: eight groups, one run of zeros left out, the last two perhaps as IPv4. */
function isIPv6(text: string): boolean {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text)) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const hasIPv4 = last.includes('.');
  if (hasIPv4 && (!isIPv4(last) || text.endsWith('::'))) return false;
  const plain = hasIPv4 ? groups.slice(0, -1) : groups;
  if (!plain.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const count = plain.length + (hasIPv4 ? 2 : 0);
  return halves.length === 2 ? count < 8 : count === 8;
}
