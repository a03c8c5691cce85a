import { parentPath } from '../../../model/path.js';
import { expandGlob } from '../../../syntax/glob.js';
import { readText, type ServiceContext } from '../context.js';

export interface Section {
  /** `program:worker` */
  readonly name: string;
  readonly values: ReadonlyMap<string, { readonly value: string; readonly line: number }>;
  readonly path: string;
  readonly line: number;
}

const MAX_FILES = 500;
const MAX_SECTIONS = 5000;

/** supervisord's configuration with what its [include] names, in that order. */
export async function readConfiguration(context: ServiceContext, path: string): Promise<Section[]> {
  const sections = parseSections((await readText(context, path)) ?? '', path);
  const included = sections
    .filter(({ name }) => name === 'include')
    .flatMap(({ values }) => (values.get('files')?.value ?? '').split(/\s+/));
  const files: string[] = [];
  for (const pattern of included) {
    if (pattern === '' || pattern.length > 1000) continue;
    const here = pattern.replaceAll('%(here)s', parentPath(path));
    files.push(...expandGlob(context.fs, here.startsWith('/') ? here : `${parentPath(path)}/${here}`));
  }
  for (const file of [...new Set(files)].slice(0, MAX_FILES)) {
    sections.push(...parseSections((await readText(context, file)) ?? '', file));
  }
  return sections.slice(0, MAX_SECTIONS);
}

/** The INI of Python's configparser: values go on in indented lines; ` ;` begins a comment. */
export function parseSections(text: string, path: string): Section[] {
  const sections: { name: string; values: Map<string, { value: string; line: number }>; path: string; line: number }[] =
    [];
  let key: string | null = null;
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/(?:^|\s);.*$/, '').trimEnd();
    const section = sections.at(-1);
    if (line.trim() === '' || /^[#;]/.test(line)) return;
    const header = /^\[([^\]]{1,200})\]/.exec(line);
    const equals = line.search(/[=:]/);
    if (header !== null) {
      sections.push({ name: header[1]!, values: new Map(), path, line: index + 1 });
      key = null;
    } else if (section !== undefined && /^\s/.test(line) && key !== null) {
      const before = section.values.get(key)!;
      section.values.set(key, { ...before, value: `${before.value} ${line.trim()}` });
    } else if (section !== undefined && equals > 0) {
      key = line.slice(0, equals).trim().toLowerCase();
      section.values.set(key, { value: line.slice(equals + 1).trim(), line: index + 1 });
    }
  });
  return sections;
}
