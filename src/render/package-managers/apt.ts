import { type ExactPackage, type PackageManager, parseTable } from './package-manager.js';

/** apt over dpkg: Debian, Ubuntu and what is made of them. */
export const apt: PackageManager = {
  name: 'apt',
  database: 'dpkg',
  serves: () => true,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a format of dpkg-query
  list: ['dpkg-query', '--show', '--showformat', '${Status}\\t${Package}\\t${Version}\\t${Architecture}\\n'],
  parseList: (output) =>
    // Packages that left configuration behind are listed as well: `deinstall ok config-files`.
    parseTable(output.replace(/^(?:\S+ \S+ (?:installed|half-configured|triggers-\S+)\t)?/gm, '')),
  spell,
  takesVersions: true,
  install: (packages) => [
    'apt-get',
    '-qy',
    '--no-install-recommends',
    '--allow-downgrades',
    'install',
    ...packages.map(spell),
  ],
  remove: (names) => ['dpkg', '--purge', '--force-depends', ...names],
  dependencies: (item) => [
    'apt-cache',
    'depends',
    '--no-recommends',
    '--no-suggests',
    '--no-conflicts',
    '--no-breaks',
    '--no-replaces',
    '--no-enhances',
    spell(item),
  ],
  available: (names) => ['apt-cache', 'madison', ...names],
  parseAvailable: (output) =>
    output.split('\n').flatMap((line) => {
      const [name, version] = line.split('|').map((column) => column.trim());
      return !name || !version ? [] : [{ name, version, architecture: null }];
    }),
};

function spell({ name, version, architecture }: ExactPackage): string {
  const qualifier = architecture === null || architecture === 'all' ? '' : `:${architecture}`;
  return `${name}${qualifier}${version === null ? '' : `=${version}`}`;
}
