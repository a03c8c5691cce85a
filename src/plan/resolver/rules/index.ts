import type { PackageManagerName } from '../../../model/packages.js';
import { apkRules } from './apk.js';
import { dpkgRules } from './dpkg.js';
import { pacmanRules } from './pacman.js';
import type { ResolverRules } from './resolver-rules.js';
import { rpmRules } from './rpm.js';

/** @param nativeArchitecture The manager's word for the architecture of the system. */
export function rulesOf(manager: PackageManagerName, nativeArchitecture: string | null): ResolverRules {
  switch (manager) {
    case 'dpkg':
      return dpkgRules(nativeArchitecture);
    case 'rpm':
      return rpmRules(nativeArchitecture);
    case 'apk':
      return apkRules;
    case 'pacman':
      return pacmanRules;
  }
}
