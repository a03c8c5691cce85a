import type { OperatingSystem } from '../../model/os.js';
import type { InstallPlan } from '../../model/plan.js';
import { apkInstallCommands } from './install-apk.js';
import { pacmanInstallCommands } from './install-pacman.js';
import { rpmInstallCommands } from './install-rpm.js';

/** The commands of a RUN that installs with a manager other than apt. */
export function otherInstallCommands(plan: InstallPlan, os: OperatingSystem): string[] {
  switch (plan.manager) {
    case 'apk':
      return apkInstallCommands(plan);
    case 'pacman':
      return pacmanInstallCommands(plan);
    default:
      return rpmInstallCommands(plan, os);
  }
}
