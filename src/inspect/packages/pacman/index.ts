import { joinPath } from '../../../model/path.js';
import type { PackageInspector } from '../package-inspector.js';
import { PACMAN_CONFIGURATION, PACMAN_CONFIGURATION_PATHS } from './configuration.js';
import { inspectPacman, PACMAN_FOLDER } from './inspect.js';

const LOCAL = joinPath(PACMAN_FOLDER, 'local');

/** pacman: Arch Linux and its relatives. */
export const pacman: PackageInspector = {
  name: 'pacman',
  // The configuration may move the database: where it exists, reading it tells.
  find: (fs) => [LOCAL, PACMAN_CONFIGURATION].filter((path) => fs.exists(path)),
  // The indexes of repositories are large: `inspect` reads them when they are asked for.
  prefetch: [LOCAL, ...PACMAN_CONFIGURATION_PATHS],
  inspect: inspectPacman,
};
