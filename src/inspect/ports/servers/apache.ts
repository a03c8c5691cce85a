import { displayPath, normalizePath } from '../../../model/path.js';
import { shellAssignments } from '../../../syntax/shell.js';
import type { ConfigFiles, InFile } from '../config-files.js';
import { collectFindings } from '../findings.js';
import { type ApacheDirective, type ApacheSection, parseApache } from '../formats/apache.js';
import type { PortContext, PortReader } from '../reader.js';
import { isAtLeast } from '../settings.js';

/** https://httpd.apache.org/docs/2.4/bind.html; sections decided by what is loaded and defined up to their line. */
export const apache: PortReader = {
  name: 'apache',
  programs: ['apache2', 'httpd', 'apache2ctl', 'apachectl', 'httpd-prefork', 'httpd.worker', 'apache'],
  packages: ['apache2', 'apache2-bin', 'httpd', 'httpd-core'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    const { files, command } = context;
    const root = command.option('d')?.value ?? '/etc/apache2';
    const named = command.option('f')?.value;
    const main =
      named !== undefined ? normalizePath(named.startsWith('/') ? named : `${root}/${named}`) : files.first(MAIN_FILES);
    if (main === undefined) return findings.done();
    for (const directive of await effectiveDirectives(context, main)) {
      const [address] = directive.words;
      if (directive.name !== 'listen' || address === undefined) continue;
      const evidence = { path: directive.path, line: directive.line };
      findings.endpoint({ value: address, evidence });
    }
    return findings.done();
  },
};

const MAIN_FILES = [
  '/etc/apache2/apache2.conf',
  '/etc/httpd/conf/httpd.conf',
  '/etc/apache2/httpd.conf',
  '/usr/local/apache2/conf/httpd.conf',
];
const ENVIRONMENT_FILES = ['/etc/apache2/envvars', '/etc/sysconfig/httpd', '/etc/sysconfig/apache2'];
const MAX_FILES = 2000;

/** Modules compiled into the usual packages; both names of each. */
const STATIC_MODULES = ['core', 'so', 'http', 'watchdog', 'log_config', 'logio', 'version', 'unixd'];

interface State {
  readonly files: ConfigFiles;
  readonly variables: Map<string, string>;
  readonly defines: Set<string>;
  readonly modules: Set<string>;
  readonly version: string | null;
  serverRoot: string;
  filesLeft: number;
}

/** Directives that count, outside of virtual hosts or not, with variables expanded. */
async function effectiveDirectives(context: PortContext, main: string): Promise<InFile<ApacheDirective>[]> {
  const modules = new Set(STATIC_MODULES.flatMap((name) => [`${name}_module`, `mod_${name}.c`]));
  modules.add('core.c').add('http_core.c');
  const state: State = {
    files: context.files,
    variables: await environmentVariables(context),
    defines: new Set(context.command.options('D').map((setting) => setting.value)),
    modules,
    version: context.version,
    serverRoot: main.startsWith('/etc/httpd/') ? '/etc/httpd' : main.slice(0, main.lastIndexOf('/')),
    filesLeft: MAX_FILES,
  };
  for (const argument of context.command.arguments) {
    if (/^-D\w/.test(argument)) state.defines.add(argument.slice(2));
  }
  const result: InFile<ApacheDirective>[] = [];
  await readInto(main, state, 0, result);
  return result;
}

async function environmentVariables(context: PortContext): Promise<Map<string, string>> {
  const variables = new Map<string, string>();
  for (const path of ENVIRONMENT_FILES) {
    const text = await context.files.read(path);
    if (text === null) continue;
    for (const { name, value } of shellAssignments(text, Object.fromEntries(variables))) variables.set(name, value);
  }
  for (const [name, value] of Object.entries(context.service.environment)) variables.set(name, value);
  return variables;
}

async function readInto(path: string, state: State, depth: number, result: InFile<ApacheDirective>[]): Promise<void> {
  const text = await state.files.read(path);
  state.filesLeft -= 1;
  if (text === null) return;
  if (depth > 16 || state.filesLeft < 0) {
    state.files.problems.push({
      code: 'include-loop',
      path: displayPath(path),
      reason: 'included too deep or too often',
    });
    return;
  }
  // A section is decided where it opens: what is loaded inside of it does not change the decision.
  const decided = new Map<number, boolean>();
  for (const directive of parseApache(text)) {
    const open = directive.sections.every((section) => decided.get(section.line) ?? true);
    if (directive.name.startsWith('<')) {
      const section = { name: directive.name.slice(1, -1), argument: directive.words.join(' '), line: directive.line };
      decided.set(directive.line, open && isOpen(section, state));
      continue;
    }
    if (!open) continue;
    const words = directive.words.map((word) => expand(word, state));
    const [first = '', second = ''] = words;
    if (directive.name === 'loadmodule') {
      state.modules.add(first).add(`mod_${first.replace(/_module$/, '')}.c`);
    } else if (directive.name === 'define') {
      state.defines.add(first);
      if (words.length > 1) state.variables.set(first, second);
    } else if (directive.name === 'undefine') {
      state.defines.delete(first);
      state.variables.delete(first);
    } else if (directive.name === 'serverroot') {
      state.serverRoot = normalizePath(first);
    } else if (directive.name === 'include' || directive.name === 'includeoptional') {
      for (const included of includedFiles(first, state)) await readInto(included, state, depth + 1, result);
    } else {
      result.push({ ...directive, words, path });
    }
  }
}

function includedFiles(pattern: string, state: State): string[] {
  const found = state.files.expand(pattern, state.serverRoot);
  // A folder stands for all files below it.
  return found.length > 0 ? found : state.files.expand(`${pattern}/*`, state.serverRoot);
}

function isOpen(section: ApacheSection, state: State): boolean {
  const negated = section.argument.startsWith('!');
  const argument = expand(section.argument.replace(/^!/, '').trim(), state);
  if (section.name === 'ifmodule') return state.modules.has(argument) !== negated;
  if (section.name === 'ifdefine') return state.defines.has(argument) !== negated;
  if (section.name === 'iffile') return (state.files.first([normalizePath(argument)]) !== undefined) !== negated;
  if (section.name === 'ifversion') return versionHolds(argument, state.version) !== negated;
  // The body of a macro counts only where it is used, which no known configuration does for ports.
  return section.name !== 'macro';
}

function versionHolds(argument: string, version: string | null): boolean {
  const match = /^(>=|>|<=|<|==?)?\s*(\d[\d.]*)$/.exec(argument);
  if (match === null || version === null) return true;
  const atLeast = isAtLeast(version, match[2]!);
  return match[1]?.startsWith('<') === true ? !atLeast : atLeast;
}

function expand(text: string, state: State): string {
  return text.replace(
    /\$\{([A-Za-z_]\w{0,100})\}/g,
    (whole, name: string) => state.variables.get(name)?.slice(0, 200) ?? whole,
  );
}
