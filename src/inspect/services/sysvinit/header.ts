/** What the comments at the head of an init script say: LSB 3.1 (22.3) and chkconfig(8). */
export interface ScriptHeader {
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  /** Run levels of Default-Start; null when the header has none. */
  readonly defaultStart: readonly string[] | null;
  readonly description: string | null;
  /** `# chkconfig: 2345 80 20`; levels are empty for `-`. */
  readonly chkconfig: { readonly levels: readonly string[]; readonly start: number } | null;
}

const MAX_HEADER_LINES = 200;

export function parseHeader(text: string): ScriptHeader {
  const values = new Map<string, string>();
  let chkconfig: ScriptHeader['chkconfig'] = null;
  let description: string | null = null;
  let inside = false;
  let current: string | null = null;
  for (const line of text.split('\n', MAX_HEADER_LINES)) {
    const content = /^#[ \t]*(.{0,2000})/.exec(line)?.[1] ?? '';
    if (/^#+[ \t]*BEGIN INIT INFO/.test(line)) inside = true;
    else if (/^#+[ \t]*END INIT INFO/.test(line)) inside = false;
    else if (inside) {
      const field = /^#[ \t]{0,8}([A-Za-z-]{1,30}):[ \t]*(.{0,2000})$/.exec(line);
      if (field !== null) {
        current = field[1]!.toLowerCase();
        values.set(current, field[2]!.trim());
      } else if (current !== null && /^#(?:\t| {2})/.test(line))
        values.set(current, `${values.get(current)} ${content.trim()}`);
    } else {
      const levels = /^chkconfig:[ \t]*([0-9-]{1,7})[ \t]+([0-9]{1,2})/.exec(content);
      if (levels !== null) chkconfig = { levels: levels[1]!.replaceAll('-', '').split(''), start: Number(levels[2]) };
      const described = /^description:[ \t]*(.*)/.exec(content);
      if (described !== null) description = described[1]!.replace(/\\$/, '').trim();
    }
  }
  const words = (name: string): string[] => (values.get(name) ?? '').split(/\s+/).filter((word) => word !== '');
  return {
    provides: words('provides'),
    requires: [...words('required-start'), ...words('should-start')],
    defaultStart: values.has('default-start') ? words('default-start') : null,
    description: values.get('short-description') || values.get('description') || description,
    chkconfig,
  };
}
