import { type UnitName, unescapeUnitPart } from './unit-name.js';

/** Values of the machine that specifiers stand for; null where only a running machine knows. */
export interface MachineSpecifiers {
  readonly hostname: string | null;
  readonly machineId: string | null;
  readonly architecture: string | null;
  readonly osRelease: ReadonlyMap<string, string>;
  /** The manager's own user, home, shell: root for the system manager. */
  readonly user: {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly home: string;
    readonly shell: string;
  };
  readonly isUserManager: boolean;
}

const MAX_EXPANDED = 64 * 1024;

/**
 * Expands `%x` (systemd.unit(5), Specifiers). What cannot be known offline (boot id, kernel release, credentials
 * folder) stays as written and is named in `unknown`.
 */
export function expandSpecifiers(
  text: string,
  unit: UnitName,
  machine: MachineSpecifiers,
  unknown?: Set<string>,
  fragmentPath?: string | null,
): string {
  if (!text.includes('%')) return text;
  let result = '';
  for (let position = 0; position < text.length && result.length < MAX_EXPANDED; position += 1) {
    const character = text[position]!;
    const letter = text[position + 1];
    if (character !== '%' || letter === undefined) {
      result += character;
      continue;
    }
    position += 1;
    const value = specifier(letter, unit, machine, fragmentPath ?? null);
    if (value === null) {
      unknown?.add(`%${letter}`);
      result += `%${letter}`;
    } else result += value;
  }
  return result.slice(0, MAX_EXPANDED);
}

function specifier(letter: string, unit: UnitName, machine: MachineSpecifiers, path: string | null): string | null {
  const instance = unit.instance ?? '';
  const lastPart = (text: string): string => text.slice(text.lastIndexOf('-') + 1);
  switch (letter) {
    case '%':
      return '%';
    case 'n':
      return unit.full;
    case 'N':
      return unit.full.slice(0, -unit.type.length - 1);
    case 'p':
      return unit.prefix;
    case 'P':
      return unescapeUnitPart(unit.prefix);
    case 'i':
      return instance;
    case 'I':
      return unescapeUnitPart(instance);
    case 'j':
      return lastPart(unit.prefix);
    case 'J':
      return unescapeUnitPart(lastPart(unit.prefix));
    case 'f': {
      const part = unescapeUnitPart(unit.instance === undefined ? unit.prefix : instance);
      return part.startsWith('/') ? part : `/${part}`;
    }
    case 'y':
      return path;
    case 'Y':
      return path === null ? null : path.slice(0, path.lastIndexOf('/'));
    default:
      return machineSpecifier(letter, machine);
  }
}

function machineSpecifier(letter: string, machine: MachineSpecifiers): string | null {
  const { user, isUserManager, hostname } = machine;
  const home = (folder: string, system: string): string => (isUserManager ? `${user.home}/${folder}` : system);
  switch (letter) {
    case 'H':
    case 'q':
      return hostname;
    case 'l':
      return hostname?.split('.', 1)[0] ?? null;
    case 'm':
      return machine.machineId;
    case 'a':
      return machine.architecture;
    case 'u':
      return user.name;
    case 'U':
      return String(user.uid);
    case 'g':
      return user.name;
    case 'G':
      return String(user.gid);
    case 'h':
      return user.home;
    case 's':
      return user.shell;
    case 't':
      return isUserManager ? `/run/user/${user.uid}` : '/run';
    case 'S':
      return home('.local/state', '/var/lib');
    case 'C':
      return home('.cache', '/var/cache');
    case 'L':
      return home('.local/state/log', '/var/log');
    case 'E':
      return home('.config', '/etc');
    case 'D':
      return home('.local/share', '/usr/share');
    case 'T':
      return '/tmp';
    case 'V':
      return '/var/tmp';
    case 'o':
      return machine.osRelease.get('ID') ?? 'linux';
    case 'w':
      return machine.osRelease.get('VERSION_ID') ?? '';
    case 'W':
      return machine.osRelease.get('VARIANT_ID') ?? '';
    case 'B':
      return machine.osRelease.get('BUILD_ID') ?? '';
    case 'A':
      return machine.osRelease.get('IMAGE_VERSION') ?? '';
    case 'M':
      return machine.osRelease.get('IMAGE_ID') ?? '';
    default:
      return null;
  }
}

/** The architecture as systemd calls it (ConditionArchitecture, `%a`), from the package manager's word. */
export function systemdArchitecture(word: string | null): string | null {
  const names: Readonly<Record<string, string>> = {
    amd64: 'x86-64',
    x86_64: 'x86-64',
    i386: 'x86',
    i486: 'x86',
    i586: 'x86',
    i686: 'x86',
    x86: 'x86',
    arm64: 'arm64',
    aarch64: 'arm64',
    armhf: 'arm',
    armel: 'arm',
    armv7: 'arm',
    armv7hl: 'arm',
    armv6hl: 'arm',
    ppc64el: 'ppc64-le',
    ppc64le: 'ppc64-le',
    ppc64: 'ppc64',
    s390x: 's390x',
    riscv64: 'riscv64',
    mips64el: 'mips64-le',
    loong64: 'loongarch64',
    loongarch64: 'loongarch64',
  };
  return word === null || !Object.hasOwn(names, word) ? null : names[word]!;
}
