import { joinPath } from '../../../model/path.js';
import { shellWords } from '../../../syntax/shell.js';
import { type FoundService, NO_FINDINGS, readText, type ServiceContext, type ServiceReader } from '../context.js';
import { emptyService, missingProgram, toRecord } from '../found.js';
import { mainLaunch, readScript } from '../script/index.js';
import { hasOpenRc, willStart } from '../sysvinit/index.js';
import { readInitScript } from '../sysvinit/init-script.js';

const RUN_LEVELS = '/etc/runlevels';
const SCRIPT_FOLDERS = ['/etc/init.d', '/usr/local/etc/init.d'];
const MAX_SERVICES = 3000;

export const openrc: ServiceReader = {
  name: 'openrc',
  paths: [RUN_LEVELS, '/etc/init.d', '/etc/conf.d', '/etc/rc.conf'],
  async read(context) {
    if (
      context.init === 'systemd' ||
      context.init === 'upstart' ||
      context.init === 'runit' ||
      context.init === 'none' ||
      !hasOpenRc(context)
    )
      return NO_FINDINGS;
    const scripts = listScripts(context);
    const started = await startedServices(context, scripts);
    const services: FoundService[] = [];
    for (const [name, path] of scripts) {
      const text = (await readText(context, path)) ?? '';
      const service = isOpenRcScript(text)
        ? await readOpenRcScript(context, name, path, text)
        : await readInitScript(context, path);
      const link = started.get(name);
      const evidence = link === undefined || link === path ? service.evidence : [...service.evidence, { path: link }];
      services.push({
        ...service,
        name,
        init: 'openrc',
        evidence,
        enabled: link !== undefined && willStart(context, service),
      });
    }
    return { ...NO_FINDINGS, services };
  },
};

function isOpenRcScript(text: string): boolean {
  return /^#!\s*\S*\/(?:openrc-run|runscript)\b/.test(text);
}

function listScripts({ fs }: ServiceContext): Map<string, string> {
  const scripts = new Map<string, string>();
  for (const folder of SCRIPT_FOLDERS) {
    for (const name of fs.list(folder)) {
      const path = joinPath(folder, name);
      const entry = fs.stat(path);
      if (
        entry?.type !== 'file' ||
        (entry.mode & 0o111) === 0 ||
        /\.sh\.orig$|~$|^(?:functions\.sh|README|rc|rcS|skeleton)$/.test(name)
      )
        continue;
      if (!scripts.has(name) && scripts.size < MAX_SERVICES) scripts.set(name, path);
    }
  }
  return scripts;
}

/** Services of the run levels that a boot goes through, with what they need; the value is what says so. */
async function startedServices(
  context: ServiceContext,
  scripts: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const { fs, kernelArguments } = context;
  const level =
    kernelArguments.findLast((word) => word.startsWith('softlevel='))?.slice('softlevel='.length) ?? 'default';
  const started = new Map<string, string>();
  const visited = new Set<string>();
  const visit = (name: string): void => {
    if (visited.has(name) || visited.size > 50) return;
    visited.add(name);
    for (const member of fs.list(joinPath(RUN_LEVELS, name))) {
      const path = joinPath(joinPath(RUN_LEVELS, name), member);
      // A run level within a run level is stacked on it.
      if (fs.stat(path)?.type === 'directory') visit(member);
      else if (!started.has(member)) started.set(member, path);
    }
  };
  for (const name of ['sysinit', 'boot', level]) visit(name);
  const queue = [...started.keys()];
  for (let position = 0; position < queue.length; position += 1) {
    const path = scripts.get(queue[position]!);
    const text = path === undefined ? '' : ((await readText(context, path)) ?? '');
    for (const match of text.matchAll(/^[ \t]*(?:need|want)[ \t]+([^\n#;]{1,500})/gm)) {
      for (const needed of match[1]!.split(/\s+/)) {
        if (!scripts.has(needed) || started.has(needed)) continue;
        started.set(needed, path!);
        queue.push(needed);
      }
    }
  }
  return started;
}

/** openrc-run(8): variables that describe a daemon, or functions that start it. conf.d comes before the script. */
async function readOpenRcScript(
  context: ServiceContext,
  name: string,
  path: string,
  text: string,
): Promise<FoundService> {
  const base = name.split('.', 1)[0]!;
  const sources = ['/etc/rc.conf', ...(base === name ? [] : [`/etc/conf.d/${base}`]), `/etc/conf.d/${name}`];
  const variables = new Map([
    ['RC_SVCNAME', name],
    ['SVCNAME', name],
    ['RC_SERVICE', path],
    ['RC_RUNLEVEL', 'default'],
  ]);
  const result = await readScript(context, {
    path,
    text,
    parameters: [path, 'start'],
    variables,
    sources,
    call: ['start'],
  });
  const value = (key: string): string | null => {
    const found = result.variables.get(key);
    return typeof found === 'string' && found !== '' ? found : null;
  };
  const found: FoundService = {
    ...emptyService(name, 'openrc'),
    description: value('description'),
    environment: toRecord(
      [...result.exported].flatMap((key) => (value(key) === null ? [] : [[key, value(key)!] as const])),
    ),
    limits: result.openFiles === null ? {} : { openFiles: result.openFiles },
    evidence: [
      { path },
      ...sources.filter((file) => file !== '/etc/rc.conf' && context.fs.exists(file)).map((file) => ({ path: file })),
    ],
    definition: path,
  };
  const launch = mainLaunch(context, result, path);
  if (launch !== null) {
    const isOnce = launch.kind === 'command';
    return {
      ...found,
      command: isOnce && missingProgram(context.fs, launch.command) !== null ? [path, 'start'] : launch.command,
      inferred: true,
      type: isOnce ? 'oneshot' : launch.foreground ? 'simple' : 'forking',
      user: launch.user ?? 'root',
      group: launch.group,
      workingDirectory: launch.workingDirectory,
    };
  }
  const command = value('command');
  if (command === null || /^\s*start\s*\(\)/m.test(text))
    return { ...found, command: [path, 'start'], type: 'oneshot' };
  const isForeground = /^(?:yes|true|on|1)$/i.test(value('command_background') ?? '') || value('supervisor') !== null;
  const extra = isForeground
    ? shellWords(value('command_args_foreground') ?? '')
    : shellWords(value('command_args_background') ?? '');
  const [user, group] = (value('command_user') ?? 'root').split(':');
  return {
    ...found,
    command: [command, ...shellWords(value('command_args') ?? ''), ...extra],
    type: isForeground ? 'simple' : 'forking',
    user: user || 'root',
    group: group || null,
    workingDirectory: value('directory'),
    restart: value('supervisor') === 'supervise-daemon' ? 'always' : 'no',
    evidence: [{ path, line: lineOf(text, /^[ \t]*command=/m) }, ...found.evidence.slice(1)],
  };
}

function lineOf(text: string, pattern: RegExp): number {
  const at = text.search(pattern);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
}
