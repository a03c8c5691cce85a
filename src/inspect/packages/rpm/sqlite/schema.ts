/** The columns of a table, in the order of its records, in lower case. */
export interface TableColumns {
  readonly names: readonly string[];
  /** The `INTEGER PRIMARY KEY`: its value is the rowid, its place in the record is NULL. */
  readonly rowidAlias: string | undefined;
}

const MAX_SQL = 65536;
const MAX_COLUMNS = 2000;
const TABLE_CONSTRAINTS = new Set(['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN']);

/** Reads the columns out of a CREATE TABLE statement; undefined when it is none, or one `WITHOUT ROWID`. */
export function tableColumns(sql: string): TableColumns | undefined {
  const tokens = tokenize(sql.slice(0, MAX_SQL));
  const open = tokens.indexOf('(');
  if (open === -1 || tokens[0]?.toUpperCase() !== 'CREATE') return undefined;
  const names: string[] = [];
  let rowidAlias: string | undefined;
  let depth = 1;
  let definition: string[] = [];
  let at = open + 1;
  const finish = (): void => {
    const [first, ...rest] = definition;
    definition = [];
    if (first === undefined) return;
    const words = rest.map((word) => word.toUpperCase());
    if (TABLE_CONSTRAINTS.has(first.toUpperCase())) {
      const key = words.join(' ').match(/^KEY \( (\S+) \)$/);
      if (first.toUpperCase() === 'PRIMARY' && key !== null) integerKey = unquote(key[1]!);
      return;
    }
    const name = unquote(first);
    names.push(name);
    if (words[0] !== 'INTEGER') return;
    integers.add(name);
    if (words.join(' ').includes('PRIMARY KEY')) rowidAlias = name;
  };
  const integers = new Set<string>();
  let integerKey: string | undefined;
  for (; at < tokens.length && depth > 0 && names.length <= MAX_COLUMNS; at += 1) {
    const token = tokens[at]!;
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (depth === 0 || (depth === 1 && token === ',')) finish();
    else definition.push(token);
  }
  if (tokens.slice(at).join(' ').toUpperCase().includes('WITHOUT ROWID')) return undefined;
  if (rowidAlias === undefined && integerKey !== undefined && integers.has(integerKey)) rowidAlias = integerKey;
  return { names, rowidAlias };
}

/** Words, quoted names as written, and single signs; comments and blanks fall away. */
function tokenize(sql: string): string[] {
  return withoutComments(sql).match(/"[^"]*"|`[^`]*`|\[[^\]]*\]|'[^']*'|[A-Za-z_][A-Za-z0-9_$]*|[0-9.]+|[^\s]/g) ?? [];
}

/** `-- to the end of the line` and C comments, which go on to the end when nothing closes it. */
function withoutComments(sql: string): string {
  let kept = '';
  for (let at = 0; at < sql.length; ) {
    const [start, end] = nextComment(sql, at);
    kept += `${sql.slice(at, start)} `;
    at = end;
  }
  return kept;
}

function nextComment(sql: string, from: number): [number, number] {
  const match = /--|\/\*/.exec(sql.slice(from));
  if (match === null) return [sql.length, sql.length];
  const start = from + match.index;
  const closing = match[0] === '--' ? '\n' : '*/';
  const close = sql.indexOf(closing, start + 2);
  return [start, close === -1 ? sql.length : close + closing.length];
}

function unquote(name: string): string {
  return (/^["`['].*["`\]']$/s.test(name) ? name.slice(1, -1) : name).toLowerCase();
}
