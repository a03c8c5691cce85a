import { type Command, type ExactPackage, type PackageManager, parseTable } from './package-manager.js';

/** What all managers over rpm share: the list and the removal are rpm's own. */
export const overRpm: Pick<PackageManager, 'database' | 'list' | 'parseList' | 'remove'> = {
  database: 'rpm',
  list: [
    'rpm',
    '--query',
    '--all',
    '--queryformat',
    '%{NAME}\\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\n',
  ],
  parseList: (output) =>
    parseTable(output)
      // Keys to which no package belongs.
      .filter(({ name }) => name !== 'gpg-pubkey')
      .map((item) => ({ ...item, version: item.version!.replace(/^0+:/, '') })),
  remove: (names): Command => ['rpm', '--erase', '--nodeps', ...names],
};

/** `name-[epoch:]version-release.architecture`: yum(8), dnf(8) "Specifying packages". */
export function nevra({ name, version, architecture }: ExactPackage): string {
  return `${name}${version === null ? '' : `-${version}`}${architecture === null ? '' : `.${architecture}`}`;
}

/** Version and release alone, for what knows no epoch. */
export function withoutEpoch(version: string): string {
  return version.slice(version.indexOf(':') + 1);
}

/** The capabilities that an installed package asks for, where the manager above has no query of its own. */
export function installedRequirements({ name }: ExactPackage): Command {
  return ['rpm', '--query', '--requires', name];
}

/** A line that is the full name of a package: `name-[epoch:]version-release.architecture`. */
export function parseNevra(line: string): ExactPackage[] {
  const match = /^([^\s:]+)-([^\s-]+-[^\s-]+)\.([A-Za-z0-9_]+)$/.exec(line.trim());
  return match === null ? [] : [{ name: match[1]!, version: match[2]!.replace(/^0+:/, ''), architecture: match[3]! }];
}
