import type { OperatingSystem } from '../../model/os.js';
import type { InstallPlan } from '../../model/plan.js';
import { PACKAGE_MANAGERS } from '../package-managers/index.js';
import { apkSetup } from './install-apk.js';
import { pacmanSetup } from './install-pacman.js';
import { rpmManager, rpmSetup } from './install-rpm.js';
import { commandWithList } from './quote.js';

/**
 * A script for a container of the base that prints, for `parseAvailable` of its manager, which versions the sources of
 * the build have; the same options as the installation has. Its exit status is the manager's, and not a failure by
 * itself: some managers fail when one name is unknown.
 */
export function availableCommands(plan: InstallPlan, os: OperatingSystem, names: readonly string[]): string[] {
  const manager =
    plan.manager === 'rpm' ? rpmManager(plan, os) : PACKAGE_MANAGERS.find(({ database }) => database === plan.manager)!;
  const [program, ...words] = manager.available?.([]) ?? ['true'];
  const { prepare, options } =
    plan.manager === 'apk'
      ? apkSetup(plan)
      : plan.manager === 'pacman'
        ? pacmanSetup(plan)
        : rpmSetup(plan, os, manager.name);
  const quoted = [program!, ...options, ...words.map((word) => `'${word}'`)].join(' ');
  // All of them print everything where nothing is named, and pacman does in any case.
  return ['set -u', '{ :', ...prepare, '} >&2', plan.manager === 'pacman' ? quoted : commandWithList(quoted, names)];
}
