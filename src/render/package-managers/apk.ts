import type { ExactPackage, PackageManager } from './package-manager.js';

/** apk-tools: Alpine. It installs nothing that is only recommended, because nothing is. */
export const apk: PackageManager = {
  name: 'apk',
  database: 'apk',
  serves: () => true,
  // `apk list` came with apk-tools 2.10; this one all have, and it names no architecture.
  list: ['apk', 'info', '-v'],
  parseList: (output) =>
    output.split('\n').flatMap((line) => {
      // Messages of apk begin with a word in capitals and a colon.
      const match = /^([A-Za-z0-9._][A-Za-z0-9+._-]*)-([0-9][A-Za-z0-9._~]*(?:-r[0-9]+)?)$/.exec(line.trim());
      return match === null ? [] : [{ name: match[1]!, version: match[2]!, architecture: null }];
    }),
  spell,
  takesVersions: true,
  install: (packages) => ['apk', 'add', '--no-cache', ...packages.map(spell)],
  remove: (names) => ['apk', 'del', '--no-cache', ...names],
  dependencies: (item) => ['apk', 'info', '--depends', item.name],
  available: (names) => ['apk', 'policy', '--no-cache', ...names],
  parseAvailable,
};

/**
 * `NAME policy:`, below it each version with a colon, and below that where it is: the database itself, or archives. What
 * only an archive with a tag has (`@edge https://…`, apk-repositories(5)) is not taken unless the tag is asked for.
 */
function parseAvailable(output: string): ExactPackage[] {
  const found: ExactPackage[] = [];
  let name: string | null = null;
  let version: string | null = null;
  for (const line of output.split('\n')) {
    const heading = /^(\S+) policy:$/.exec(line);
    const versioned = /^ {2}(\S+):$/.exec(line);
    if (heading !== null) [name, version] = [heading[1]!, null];
    else if (versioned !== null) version = versioned[1]!;
    else if (name !== null && version !== null && /^ {4}(?:\/|[a-z]+:\/\/)/.test(line)) {
      found.push({ name, version, architecture: null });
      version = null;
    }
  }
  return found;
}

function spell({ name, version }: ExactPackage): string {
  return version === null ? name : `${name}=${version}`;
}
