import type { ExactPackage, PackageManager } from './package-manager.js';

/** pacman: Arch. Its archives have one version of each package, so none can be asked for. */
export const pacman: PackageManager = {
  name: 'pacman',
  database: 'pacman',
  serves: () => true,
  list: ['pacman', '-Q'],
  parseList: (output) =>
    output.split('\n').flatMap((line) => {
      const [name, version, ...more] = line.split(' ');
      return name === undefined || name === '' || !version || more.length > 0
        ? []
        : [{ name, version, architecture: null }];
    }),
  spell,
  takesVersions: false,
  install: (packages) => ['pacman', '-S', '--noconfirm', '--needed', ...packages.map(spell)],
  remove: (names) => ['pacman', '-Rdd', '--noconfirm', ...names],
  dependencies: (item) => ['pacman', '-Si', item.name],
  // All of them: names that an archive lacks would be an error.
  available: () => ['pacman', '-Sl'],
  parseAvailable: (output) =>
    output.split('\n').flatMap((line) => {
      const [repository, name, version] = line.split(' ');
      return !name || !version || !/^[\w.@+-]+$/.test(repository ?? '') ? [] : [{ name, version, architecture: null }];
    }),
};

function spell({ name }: ExactPackage): string {
  return name;
}
