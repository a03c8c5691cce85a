import { expandGlob } from '../../../syntax/glob.js';
import { readText, type ServiceContext } from '../context.js';
import type { Unit } from './unit-store.js';
import { listSettings } from './values.js';
import { splitWords } from './words.js';

const MAX_VARIABLES = 2000;
const MAX_FILES = 100;

/**
 * The environment a service is given: the manager's defaults, Environment=, EnvironmentFile= (which wins, whatever the
 * order in the unit), less UnsetEnvironment= (systemd.exec(5)).
 */
export async function readEnvironment(
  context: Pick<ServiceContext, 'fs' | 'report'>,
  unit: Unit,
  expand: (text: string) => string,
  defaults: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const section = 'Service';
  const environment = new Map(defaults);
  for (const setting of listSettings(unit.settings, section, 'Environment')) {
    for (const { value } of splitWords(setting.value)) addAssignment(environment, expand(value));
  }
  let files = 0;
  for (const setting of listSettings(unit.settings, section, 'EnvironmentFile')) {
    const pattern = expand(
      setting.value
        .replace(/^-/, '')
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2'),
    );
    const paths = pattern.startsWith('/') ? expandGlob(context.fs, pattern) : [];
    for (const path of paths) {
      files += 1;
      if (files > MAX_FILES) break;
      const text = await readText(context, path);
      for (const [name, value] of parseEnvironmentFile(text ?? '')) set(environment, name, value);
    }
  }
  for (const setting of listSettings(unit.settings, section, 'UnsetEnvironment')) {
    for (const { value } of splitWords(setting.value)) {
      const equals = value.indexOf('=');
      if (equals < 0) environment.delete(value);
      else if (environment.get(value.slice(0, equals)) === value.slice(equals + 1))
        environment.delete(value.slice(0, equals));
    }
  }
  return environment;
}

/** Whether EnvironmentFile= names a file that must be there and is not: the service then fails to start. */
export function missingEnvironmentFile(
  context: Pick<ServiceContext, 'fs'>,
  unit: Unit,
  expand: (text: string) => string,
): string | null {
  for (const setting of listSettings(unit.settings, 'Service', 'EnvironmentFile')) {
    const pattern = expand(setting.value.trim());
    if (!pattern.startsWith('/') || /^\/(?:run|proc|sys|dev)\//.test(pattern)) continue;
    if (expandGlob(context.fs, pattern).length === 0) return pattern;
  }
  return null;
}

/**
 * The format of EnvironmentFile=: no expansion of variables, comments only at the start of a line, quotes and
 * backslashes as in a shell (systemd.exec(5)).
 */
export function parseEnvironmentFile(text: string): [string, string][] {
  const result: [string, string][] = [];
  let position = 0;
  while (position < text.length && result.length < MAX_VARIABLES) {
    while (position < text.length && /\s/.test(text[position]!)) position += 1;
    const end = endOfLine(text, position);
    if (text[position] === '#' || text[position] === ';') {
      position = end + 1;
      continue;
    }
    const equals = text.indexOf('=', position);
    if (equals < 0 || equals > end) {
      position = end + 1;
      continue;
    }
    const name = text.slice(position, equals).trim();
    const { value, next } = fileValue(text, equals + 1);
    position = next;
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) result.push([name, value]);
  }
  return result;
}

function fileValue(text: string, start: number): { value: string; next: number } {
  let value = '';
  let kept = 0;
  let quote = '';
  let position = start;
  while (text[position] === ' ' || text[position] === '\t') position += 1;
  for (; position < text.length; position += 1) {
    const character = text[position]!;
    if (quote === '' && character === '\n') break;
    if (quote !== "'" && character === '\\') {
      const next = text[position + 1];
      position += 1;
      if (next === undefined || next === '\n') continue;
      value += quote === '"' && !/["\\`$]/.test(next) ? `\\${next}` : next;
      kept = value.length;
    } else if (quote !== '') {
      if (character === quote) quote = '';
      else value += character;
      kept = value.length;
    } else if ((character === '"' || character === "'") && value === '') {
      quote = character;
    } else {
      value += character;
      if (!/\s/.test(character)) kept = value.length;
    }
  }
  return { value: value.slice(0, kept), next: position + 1 };
}

function addAssignment(environment: Map<string, string>, text: string): void {
  const equals = text.indexOf('=');
  if (equals > 0 && /^[A-Za-z_][A-Za-z0-9_]*$/.test(text.slice(0, equals))) {
    set(environment, text.slice(0, equals), text.slice(equals + 1));
  }
}

function set(environment: Map<string, string>, name: string, value: string): void {
  if (environment.has(name) || environment.size < MAX_VARIABLES) environment.set(name, value);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
