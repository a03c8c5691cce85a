import type { PackageInspector } from '../package-inspector.js';
import { APK_CONFIGURATION } from './configuration.js';
import { APK_DATABASES, findApk, inspectApk } from './inspect.js';

/** apk: Alpine and its relatives. */
export const apk: PackageInspector = {
  name: 'apk',
  find: findApk,
  prefetch: [...APK_DATABASES, APK_CONFIGURATION],
  inspect: (fs) => inspectApk(fs),
};
