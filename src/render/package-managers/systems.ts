import type { OperatingSystem } from '../../model/os.js';

/** Which of rpm's managers a system has, by ID, ID_LIKE and VERSION_ID of its os-release. */

type System = Pick<OperatingSystem, 'id' | 'idLike' | 'versionId'>;

export function isSuse(os: System): boolean {
  return family(os).some((id) => id.startsWith('opensuse') || /^sle(?:s|d|-|_|$)/.test(id) || id === 'suse');
}

export function isUrpmi(os: System): boolean {
  return family(os).some((id) => id.startsWith('mageia') || id.startsWith('mandriva'));
}

/** dnf came with Fedora 22, Red Hat Enterprise Linux 8 and Amazon Linux 2023. */
export function usesYum(os: System): boolean {
  const major = Number.parseInt(os.versionId ?? '', 10);
  if (Number.isNaN(major)) return false;
  if (os.id === 'fedora') return major < 22;
  // The first Amazon Linux counts years and months: 2018.03.
  if (os.id === 'amzn') return os.versionId !== '2023' && !os.versionId!.startsWith('2023.');
  return family(os).some((id) => ['rhel', 'centos', 'ol', 'scientific', 'redhat'].includes(id)) && major < 8;
}

function family({ id, idLike }: System): readonly string[] {
  return [id, ...idLike];
}
