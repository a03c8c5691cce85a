/** Unit names: `prefix[@instance].type` (systemd.unit(5)). */

export const UNIT_TYPES = [
  'service',
  'socket',
  'target',
  'timer',
  'path',
  'mount',
  'automount',
  'swap',
  'slice',
  'scope',
  'device',
] as const;
export type UnitType = (typeof UNIT_TYPES)[number];

export interface UnitName {
  readonly full: string;
  readonly prefix: string;
  /** Undefined for plain units, empty for templates (`foo@.service`). */
  readonly instance: string | undefined;
  readonly type: UnitType;
}

/** Null for what systemd would refuse as a unit name (other characters, unknown type, more than 255 of them). */
export function parseUnitName(full: string): UnitName | null {
  if (full.length > 255) return null;
  const dot = full.lastIndexOf('.');
  const type = full.slice(dot + 1) as UnitType;
  const stem = full.slice(0, dot);
  if (dot <= 0 || !UNIT_TYPES.includes(type) || !/^[A-Za-z0-9:_.\\@-]+$/.test(stem)) return null;
  const at = stem.indexOf('@');
  if (at === 0) return null;
  return at < 0
    ? { full, prefix: stem, instance: undefined, type }
    : { full, prefix: stem.slice(0, at), instance: stem.slice(at + 1), type };
}

export function isTemplate(name: UnitName): boolean {
  return name.instance === '';
}

/** `foo@.service` of `foo@bar.service`; null for units that have no template. */
export function templateOf(name: UnitName): string | null {
  return name.instance === undefined ? null : `${name.prefix}@.${name.type}`;
}

export function instantiate(template: UnitName, instance: string): string {
  return `${template.prefix}@${instance}.${template.type}`;
}

/** Undoes `systemd-escape`: `-` is `/`, `\xHH` a byte. */
export function unescapeUnitPart(text: string): string {
  return text
    .replaceAll('-', '/')
    .replace(/\\x([0-9a-fA-F]{2})/g, (_match, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** As `systemd-escape`, for ASCII. */
export function escapeUnitPart(text: string): string {
  return [...text]
    .map((character, index) => {
      if (character === '/') return '-';
      if (/[A-Za-z0-9:_]/.test(character) || (character === '.' && index > 0)) return character;
      return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    })
    .join('');
}

/** The unit name of a mount point: `/var/lib` → `var-lib`, `/` → `-`. */
export function escapePath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  return trimmed === '' ? '-' : escapeUnitPart(trimmed);
}
