import type { PackageInspector } from '../package-inspector.js';
import { inspectDpkg } from './inspect.js';
import { EXTENDED_STATES } from './records.js';
import { DPKG_FOLDER, findStatus } from './status.js';

/** dpkg and apt: Debian, Ubuntu and their relatives, and images that carry only `status.d`. */
export const dpkg: PackageInspector = {
  name: 'dpkg',
  find: findStatus,
  // The indexes of the archives are large and their names vary: `inspect` fetches those it needs.
  prefetch: [DPKG_FOLDER, EXTENDED_STATES, '/etc/apt', '/etc/dpkg'],
  inspect: inspectDpkg,
};
