import type { OperatingSystem } from '../../model/os.js';
import type { InstallPlan } from '../../model/plan.js';
import { commandWithList } from './quote.js';

/** The commands of a RUN that installs with the other managers; exact versions stand beside the names. */
export function otherInstallCommands(plan: InstallPlan, os: OperatingSystem): string[] {
  switch (plan.manager) {
    case 'apk':
      return [
        commandWithList(
          'apk add --no-cache',
          withVersions(plan, (name, version) => `${name}=${version}`),
        ),
      ];
    case 'pacman':
      // Arch keeps one version of each package; the exact ones come from the delta.
      return [
        commandWithList('pacman -Sy --noconfirm --needed', plan.named),
        'rm -rf /var/cache/pacman/pkg/* /var/lib/pacman/sync/*',
      ];
    default:
      return rpmCommands(plan, os);
  }
}

function rpmCommands(plan: InstallPlan, os: OperatingSystem): string[] {
  const exact = (name: string, version: string): string => {
    const [bare, architecture] = name.split(':') as [string, string | undefined];
    const colon = version.indexOf(':');
    // An epoch stands before the version for dnf; yum and zypper take none.
    const spelled = rpmTool(os) === 'dnf' ? version : version.slice(colon + 1);
    return `${bare}-${spelled}${architecture === undefined ? '' : `.${architecture}`}`;
  };
  switch (rpmTool(os)) {
    case 'zypper':
      return [
        commandWithList(
          'zypper --non-interactive install --no-recommends --oldpackage',
          withVersions(plan, (name, version) => `${name.split(':')[0]}=${version}`),
        ),
        'zypper clean --all',
      ];
    case 'urpmi':
      return [commandWithList('urpmi --auto --no-recommends', plan.named), 'rm -rf /var/cache/urpmi/*'];
    case 'yum':
      return [
        commandWithList('yum -y --setopt=tsflags= install', withVersions(plan, exact)),
        'yum clean all',
        'rm -rf /var/cache/yum',
      ];
    case 'dnf':
      return [
        commandWithList('dnf -y --setopt=tsflags= --setopt=install_weak_deps=False install', withVersions(plan, exact)),
        'dnf clean all',
        'rm -rf /var/cache/dnf',
      ];
  }
}

function rpmTool(os: OperatingSystem): 'dnf' | 'yum' | 'zypper' | 'urpmi' {
  const family = [os.id, ...os.idLike];
  if (family.some((id) => id.startsWith('opensuse') || id.startsWith('sle') || id === 'suse')) return 'zypper';
  if (family.some((id) => id.startsWith('mageia') || id.startsWith('mandriva'))) return 'urpmi';
  const major = Number.parseInt(os.versionId ?? '', 10);
  const isOldFedora = os.id === 'fedora' && major < 22;
  const isOldRedHat =
    os.id !== 'fedora' && (major < 8 || os.versionId?.startsWith('20') === true) && os.versionId !== '2023';
  return isOldFedora || isOldRedHat ? 'yum' : 'dnf';
}

function withVersions(plan: InstallPlan, spell: (name: string, version: string) => string): string[] {
  const versions = new Map(
    plan.pins.flatMap(({ packages, version }) => packages.map((name) => [name, version] as const)),
  );
  return plan.named.map((name) => {
    const version = versions.get(name);
    return version === undefined ? name : spell(name, version);
  });
}
