/** What apt prints, for programs as much as for people; every reader passes over lines that it does not know. */

/** One package that a simulated installation would unpack. */
export interface SimulatedPackage {
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
}

/**
 * `apt-cache madison`: `name | version | archive suite/component architecture Packages`.
 * @returns Versions by name as it was asked for, `name:architecture` for a foreign one.
 */
export function parseMadison(text: string): Map<string, Set<string>> {
  const offered = new Map<string, Set<string>>();
  for (const line of text.split('\n')) {
    const [name, version, where] = line.split('|').map((part) => part.trim());
    if (name === undefined || version === undefined || where?.endsWith(' Packages') !== true) continue;
    const versions = offered.get(name);
    if (versions === undefined) offered.set(name, new Set([version]));
    else versions.add(version);
  }
  return offered;
}

/** `apt-get -s install`: `Inst name[:arch] [old] (version origin, … [architecture]) [more]` and `Remv name [version]`. */
export function parseSimulation(text: string): { installed: SimulatedPackage[]; removed: string[] } {
  const installed: SimulatedPackage[] = [];
  const removed: string[] = [];
  for (const line of text.split('\n')) {
    const inst = /^Inst (\S+?)(?::\S+)? (?:\[[^\]]*\] )?\((\S+) [^()]*\[([a-z0-9-]+)\]\)/.exec(line);
    if (inst !== null) installed.push({ name: inst[1]!, version: inst[2]!, architecture: inst[3]! });
    const remv = /^Remv (\S+?)(?::\S+)? /.exec(line);
    if (remv !== null) removed.push(remv[1]!);
  }
  return { installed, removed };
}

/** Names of the packages whose needs apt could not meet, `name` or `name:architecture`, in the order of the output. */
export function parseUnmet(text: string): string[] {
  const begin = text.indexOf('unmet dependencies');
  if (begin === -1) return [];
  const found = new Set<string>();
  for (const line of text.slice(begin).split('\n').slice(1)) {
    const first = /^ (\S+) : (?:Pre)?(?:Depends|-Depends|Conflicts|Breaks|Recommends|PreDepends):? /.exec(line);
    if (first !== null) found.add(first[1]!);
    else if (line.startsWith('E:')) break;
  }
  return [...found];
}

/** Names that apt does not know or has no version of (`E: Unable to locate package x`). */
export function parseUnknown(text: string): string[] {
  const patterns = [
    /^E: Unable to locate package (\S+)$/gm,
    /^E: Package '([^']+)' has no installation candidate$/gm,
    /^E: Version '[^']*' for '([^']+)' was not found$/gm,
  ];
  return [...new Set(patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1]!)))];
}

/**
 * Archives that an index names and the server no longer has: `E: Failed to fetch URI  404  Not Found`.
 * @returns Name, version without its epoch, and architecture, as in the name of the file.
 */
export function parseFailedFetches(text: string): SimulatedPackage[] {
  const found = new Map<string, SimulatedPackage>();
  for (const match of text.matchAll(/^E: Failed to fetch \S*\/([^/\s_]+)_([^/\s_]+)_([a-z0-9-]+)\.deb\b/gm)) {
    const version = decodeURIComponentSafely(match[2]!);
    found.set(match[0], { name: decodeURIComponentSafely(match[1]!), version, architecture: match[3]! });
  }
  return [...found.values()];
}

/** `%3a` for the colon of an epoch, `%2b` for a plus. */
function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
