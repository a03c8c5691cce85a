/** One line of fstab(5), its fields unescaped. */
export interface FstabEntry {
  /** `UUID=…`, `LABEL=…`, a device, `none`, a server's path, … */
  readonly spec: string;
  readonly mountpoint: string;
  readonly type: string;
  readonly options: readonly string[];
  /** Counted from 1. */
  readonly line: number;
}

const MAX_LINES = 4096;

/** The entries of an fstab, in order; lines with fewer than two fields are left out, as mount(8) does. */
export function parseFstab(text: string): FstabEntry[] {
  const entries: FstabEntry[] = [];
  for (const [index, raw] of text.split('\n', MAX_LINES).entries()) {
    const fields = raw.trim().split(/[ \t\r]+/, 6);
    const [spec, mountpoint, type = 'auto', options = 'defaults'] = fields;
    if (spec === undefined || mountpoint === undefined || spec === '' || spec.startsWith('#')) continue;
    entries.push({
      spec: unescapeField(spec),
      mountpoint: unescapeField(mountpoint),
      type: unescapeField(type),
      options: unescapeField(options)
        .split(',')
        .filter((option) => option !== ''),
      line: index + 1,
    });
  }
  return entries;
}

/** The value of `name=value` among mount options; the last one counts, as for mount(8). */
export function optionValue(options: readonly string[], name: string): string | undefined {
  return options.findLast((option) => option.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** getmntent(3): blanks, newline, backslash and `#` are written as three octal digits. */
function unescapeField(field: string): string {
  return field.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
