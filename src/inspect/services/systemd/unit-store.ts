import type { Evidence } from '../../../model/evidence.js';
import { joinPath } from '../../../model/path.js';
import { evidence, readText, type ServiceContext } from '../context.js';
import { parseUnitFile, type Setting } from './unit-file.js';
import type { DependencyLink, UnitIndex } from './unit-index.js';
import { parseUnitName, templateOf, type UnitName } from './unit-name.js';

export interface Unit {
  readonly name: UnitName;
  /** Every name the unit goes by, its own first. */
  readonly names: readonly string[];
  readonly state: 'loaded' | 'masked' | 'not-found';
  readonly settings: readonly Setting[];
  /** Main file and drop-ins. */
  readonly evidence: readonly Evidence[];
  /** The main file; of a masked unit, the file that the mask hides. */
  readonly path: string | null;
  readonly generated: boolean;
}

const MAX_UNITS = 20_000;
const MAX_ALIAS_HOPS = 16;

/** Loads units by name, once each, with their drop-ins. */
export class UnitStore {
  readonly #context: Pick<ServiceContext, 'fs' | 'report'>;
  readonly #index: UnitIndex;
  readonly #units = new Map<string, Unit>();
  readonly #aliases = new Map<string, string[]>();
  readonly #files = new Map<string, Promise<readonly Setting[]>>();

  constructor(context: Pick<ServiceContext, 'fs' | 'report'>, index: UnitIndex) {
    this.#context = context;
    this.#index = index;
    for (const [name, fragment] of index.fragments) {
      if (fragment.kind !== 'alias') continue;
      const final = this.resolve(name);
      const list = this.#aliases.get(final);
      if (list === undefined) this.#aliases.set(final, [name]);
      else list.push(name);
    }
  }

  /** Names that have a file, link or mask of their own. */
  names(): Iterable<string> {
    return this.#index.fragments.keys();
  }

  /** Whether the machine has a file for the name, be it a mask or another name. */
  has(name: string): boolean {
    return this.#index.fragments.has(name);
  }

  /** The name behind aliases: `dbus-org.freedesktop.login1.service` → `systemd-logind.service`. */
  resolve(name: string): string {
    let current = name;
    for (let hop = 0; hop < MAX_ALIAS_HOPS; hop += 1) {
      const next = this.#aliasTarget(current);
      if (next === null) return current;
      current = next;
    }
    this.#context.report(
      'unit-alias-loop',
      this.#index.fragments.get(name)?.path ?? '/',
      `${name} is an alias of itself`,
    );
    return name;
  }

  /** Units that the `.wants` (or `.requires`, `.upholds`) folders of all of a unit's names link to. */
  links(unit: Unit, kind: 'wants' | 'requires' | 'upholds'): DependencyLink[] {
    const names = new Set(unit.names);
    for (const name of unit.names) {
      const parsed = parseUnitName(name);
      const template = parsed === null ? null : templateOf(parsed);
      if (template !== null) names.add(template);
    }
    return [...names].flatMap((name) => this.#index.dependencyFolders.get(`${name}.${kind}`) ?? []);
  }

  async load(name: string): Promise<Unit | null> {
    const final = this.resolve(name);
    const known = this.#units.get(final);
    if (known !== undefined) return known;
    const parsed = parseUnitName(final);
    if (parsed === null) return null;
    if (this.#units.size >= MAX_UNITS) {
      this.#context.report('too-many-units', '/', `more than ${MAX_UNITS} units; the rest is not read`);
      return null;
    }
    const unit = await this.#read(parsed, name);
    this.#units.set(final, unit);
    return unit;
  }

  #aliasTarget(name: string): string | null {
    const own = this.#index.fragments.get(name);
    if (own !== undefined) return own.kind === 'alias' ? fillInstance(own.target, name) : null;
    const parsed = parseUnitName(name);
    const template = parsed === null || parsed.instance === '' ? null : templateOf(parsed);
    const inherited = template === null ? undefined : this.#index.fragments.get(template);
    return inherited?.kind === 'alias' ? fillInstance(inherited.target, name) : null;
  }

  async #read(name: UnitName, asked: string): Promise<Unit> {
    const template = templateOf(name);
    const fragment =
      this.#index.fragments.get(name.full) ?? (template === null ? undefined : this.#index.fragments.get(template));
    const names = [...new Set([name.full, ...(this.#aliases.get(name.full) ?? []), asked])];
    if (fragment === undefined || fragment.kind === 'alias') {
      const state = needsNoFile(name) ? 'loaded' : 'not-found';
      return { name, names, state, settings: [], evidence: [], path: null, generated: false };
    }
    if (fragment.kind === 'mask') {
      const settings = fragment.hidden === null ? [] : await this.#settings(fragment.hidden);
      const found = [evidence(fragment.path), ...(fragment.hidden === null ? [] : [evidence(fragment.hidden)])];
      return { name, names, state: 'masked', settings, evidence: found, path: fragment.hidden, generated: false };
    }
    const own = fragment.kind === 'file' ? await this.#settings(fragment.path) : fragment.settings;
    const dropIns = this.#dropIns(names);
    const settings = [...own];
    for (const path of dropIns) settings.push(...(await this.#settings(path)));
    for (const each of names) settings.push(...(this.#index.generatedDropIns.get(each) ?? []));
    return {
      name,
      names,
      state: 'loaded',
      settings,
      evidence: [evidence(fragment.path), ...dropIns.map((path) => evidence(path))],
      path: fragment.path,
      generated: fragment.kind === 'generated',
    };
  }

  /**
   * Drop-in files in the order they apply. Of files with one name the folder of higher precedence wins (a link to
   * /dev/null masks the name); what remains is sorted by file name, whatever its folder.
   */
  #dropIns(names: readonly string[]): string[] {
    const { fs } = this.#context;
    const chosen = new Map<string, string | null>();
    for (const folderName of dropInFolderNames(names)) {
      for (const folder of this.#index.dropInFolders.get(folderName) ?? []) {
        for (const file of fs.list(folder)) {
          if (!file.endsWith('.conf') || chosen.has(file)) continue;
          const path = joinPath(folder, file);
          const isMask = fs.lstat(path)?.target === '/dev/null' || fs.stat(path)?.path === '/dev/null';
          chosen.set(file, isMask || fs.stat(path)?.type !== 'file' ? null : path);
        }
      }
    }
    return [...chosen]
      .filter((item): item is [string, string] => item[1] !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, path]) => path);
  }

  #settings(path: string): Promise<readonly Setting[]> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const reading = this.#parse(path);
    this.#files.set(path, reading);
    return reading;
  }

  async #parse(path: string): Promise<readonly Setting[]> {
    const text = await readText(this.#context, path);
    if (text === null) return [];
    const { settings, problems } = parseUnitFile(text, path);
    for (const problem of problems) this.#context.report(problem.code, problem.path, problem.reason);
    return settings;
  }
}

/** Units that systemd makes without a file: slices and scopes by name, devices as they appear, the mounted root. */
function needsNoFile({ full, type }: UnitName): boolean {
  return type === 'slice' || type === 'scope' || type === 'device' || full === '-.mount';
}

/**
 * Folder names that hold drop-ins for a unit, most specific first: `a-b@i.service.d`, `a-b@.service.d`,
 * `a-.service.d`, `service.d` (systemd.unit(5)).
 */
export function dropInFolderNames(names: readonly string[]): string[] {
  const folders: string[] = [];
  const types = new Set<string>();
  for (const name of names) {
    const parsed = parseUnitName(name);
    if (parsed === null) continue;
    types.add(parsed.type);
    folders.push(`${name}.d`);
    const template = templateOf(parsed);
    if (template !== null && template !== name) folders.push(`${template}.d`);
    for (let dash = parsed.prefix.lastIndexOf('-'); dash > 0; dash = parsed.prefix.lastIndexOf('-', dash - 1)) {
      if (folders.length > 1000) break;
      folders.push(`${parsed.prefix.slice(0, dash + 1)}.${parsed.type}.d`);
    }
  }
  return [...new Set([...folders, ...[...types].map((type) => `${type}.d`)])];
}

/** `b@.service` as the target of the alias `a@x.service` is `b@x.service`. */
function fillInstance(target: string, name: string): string {
  const parsedTarget = parseUnitName(target);
  const parsedName = parseUnitName(name);
  if (parsedTarget?.instance !== '' || !parsedName?.instance) return target;
  return `${parsedTarget.prefix}@${parsedName.instance}.${parsedTarget.type}`;
}
