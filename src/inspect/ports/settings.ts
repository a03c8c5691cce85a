import type { ConfigFiles, IncludeRules, InFile } from './config-files.js';
import { readWithIncludes } from './config-files.js';
import { type Entry, type LineStyle, parseLines } from './formats/lines.js';
import { type Leaf, parseYaml } from './formats/yaml.js';
import type { PortContext } from './reader.js';
import type { Setting } from './setting.js';

/** A line of a configuration as a setting. */
export function fromFile(entry: { readonly value: string; readonly line: number; readonly path: string }): Setting {
  return { value: entry.value, evidence: { path: entry.path, line: entry.line } };
}

/** A default: the configuration that is silent is the evidence, or the service when there is no configuration. */
export function fallback(context: PortContext, configuration: string | undefined, value: string | number): Setting {
  const silent = configuration !== undefined && context.fs.stat(configuration)?.type === 'file';
  return silent ? { value: String(value), evidence: { path: configuration } } : context.command.builtIn(value);
}

/** The entries of one file of lines; empty when it is absent. */
export async function readLines(
  files: ConfigFiles,
  path: string | undefined,
  style: LineStyle,
): Promise<InFile<Entry>[]> {
  const text = path === undefined ? null : await files.read(path);
  return text === null ? [] : parseLines(text, style).map((entry) => ({ ...entry, path: path! }));
}

/** As {@link readLines}, where entries of some keys include other files. */
export function readLinesWithIncludes(
  files: ConfigFiles,
  path: string,
  style: LineStyle,
  includes: IncludeRules<Entry>['includes'],
): Promise<InFile<Entry>[]> {
  return readWithIncludes(files, path, { parse: (text) => parseLines(text, style), includes });
}

/** The scalars of one YAML or JSON file; a problem when it cannot be parsed. */
export async function readYaml(files: ConfigFiles, path: string | undefined): Promise<InFile<Leaf>[]> {
  const text = path === undefined ? null : await files.read(path);
  if (text === null) return [];
  const leaves = parseYaml(text);
  if (leaves === null) files.problems.push({ code: 'config-unreadable', path: path!, reason: 'neither YAML nor JSON' });
  return (leaves ?? []).map((leaf) => ({ ...leaf, path: path! }));
}

/** The last entry with one of the keys as a setting; keys are compared without case when told so. */
export function lastOf(entries: readonly (InFile<Leaf> | InFile<Entry>)[], ...keys: string[]): Setting | undefined {
  const entry = entries.findLast((candidate) => keys.includes(candidate.key));
  return entry === undefined ? undefined : fromFile(entry);
}

/** Replaces `${NAME}`, `${NAME:default}` and `${NAME:-default}` once, nested defaults not expanded. */
export function expandPlaceholders(text: string, lookUp: (name: string) => string | undefined): string {
  return text
    .slice(0, 2000)
    .replace(/\$\{([^}:]{1,200})(?::-?([^}]{0,500}))?\}/g, (whole, name: string, otherwise: string | undefined) => {
      return (lookUp(name) ?? otherwise ?? whole).slice(0, 500);
    });
}

/** Compares the numbers of a package version (epoch left out) with `2.4.1`; null counts as newer than everything. */
export function isAtLeast(version: string | null, minimum: string): boolean {
  if (version === null) return true;
  const have = numbersOf(version.replace(/^\d+:/, ''));
  const want = numbersOf(minimum);
  for (const [index, wanted] of want.entries()) {
    const found = have[index] ?? 0;
    if (found !== wanted) return found > wanted;
  }
  return true;
}

function numbersOf(version: string): number[] {
  return (/^[\d.]+/.exec(version)?.[0] ?? '').split('.').filter(Boolean).map(Number);
}

/** Whether a switch of a configuration is on. */
export function isYes(text: string | undefined): boolean {
  return text !== undefined && /^(?:yes|true|on|1|enabled?)$/i.test(text.trim());
}

export function isNo(text: string | undefined): boolean {
  return text !== undefined && /^(?:no|false|off|0|disabled?)$/i.test(text.trim());
}
