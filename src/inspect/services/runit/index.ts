import { joinPath } from '../../../model/path.js';
import { type FoundService, NO_FINDINGS, readText, type ServiceContext, type ServiceReader } from '../context.js';
import { emptyService, missingProgram, toRecord } from '../found.js';
import { mainLaunch, readScript } from '../script/index.js';
import { runningPrograms } from '../started.js';
import { runLevelServices } from '../sysvinit/index.js';

/** Folders that runsvdir watches: Debian and Void link them to the run level of /etc/runit/runsvdir that is current. */
const WATCHED = ['/etc/runit/runsvdir/default', '/etc/service', '/var/service', '/service'];
const AVAILABLE = '/etc/sv';
const MAX_SERVICES = 2000;

export const runit: ServiceReader = {
  name: 'runit',
  paths: [AVAILABLE, '/etc/runit', '/etc/service', '/var/service', '/service'],
  async read(context, earlier) {
    const { fs } = context;
    const isRunning =
      context.init === 'runit' ||
      runningPrograms(earlier, ['runsvdir', 'runsvdir-start', 'svscan', 'svscanboot', 's6-svscan', '2']).length > 0;
    if (!isRunning) return NO_FINDINGS;
    const services: FoundService[] = [];
    const seen = new Set<string>();
    for (const [folder, isWatched] of [...WATCHED.map((path) => [path, true] as const), [AVAILABLE, false] as const]) {
      for (const name of fs.list(folder)) {
        const own = fs.stat(joinPath(folder, name))?.path;
        if (
          own === undefined ||
          name.startsWith('.') ||
          seen.has(own) ||
          seen.has(name) ||
          services.length >= MAX_SERVICES
        )
          continue;
        const service = await readRunScript(context, name, own);
        if (service === null) continue;
        seen.add(own).add(name);
        const isDown = fs.exists(joinPath(own, 'down'));
        const evidence = isWatched ? [...service.evidence, { path: joinPath(folder, name) }] : service.evidence;
        services.push({ ...service, evidence, enabled: isWatched && !isDown && canRun(context, service) });
      }
    }
    if (context.init === 'runit' && !fs.exists('/etc/runit/no.emulate.sysv')) {
      // Debian: scripts without a service folder of their name are run as under sysvinit.
      const scripts = await runLevelServices(context, '2');
      services.push(
        ...scripts.filter(
          ({ name }) => !fs.exists(joinPath(AVAILABLE, name)) && !services.some((service) => service.name === name),
        ),
      );
    }
    return { ...NO_FINDINGS, services };
  },
};

/** A service folder: its `run` becomes the program, by exec as a rule. Null for a folder without one. */
async function readRunScript(context: ServiceContext, name: string, folder: string): Promise<FoundService | null> {
  const path = joinPath(folder, 'run');
  const text = await readText(context, path);
  if (text === null) return null;
  const environment = await readEnvironmentFolder(context, joinPath(folder, 'env'));
  const sources = /^#!.*\/invoke-run\b/.test(text) ? [`/etc/default/${name}`, joinPath(folder, 'conf')] : [];
  const result = await readScript(context, { path, text, parameters: ['./run'], variables: environment, sources });
  const launch = mainLaunch(context, result, path);
  const exported = [...result.exported].flatMap((key) => {
    const value = result.variables.get(key);
    return typeof value === 'string' && key !== 'PATH' ? [[key, value] as const] : [];
  });
  return {
    ...emptyService(name, 'runit'),
    command: launch?.command ?? [path],
    inferred: true,
    user: launch?.user ?? 'root',
    group: launch?.group ?? null,
    workingDirectory: launch?.workingDirectory ?? folder,
    environment: toRecord([...environment, ...exported]),
    limits: result.openFiles === null ? {} : { openFiles: result.openFiles },
    restart: 'always',
    evidence: [{ path, ...(launch === null ? {} : { line: launch.line }) }],
    definition: path,
    ...(result.stopped === null
      ? {}
      : { blocked: { ...result.stopped, reason: 'the run script ends before it starts anything' } }),
  };
}

/** chpst -e: a file for each variable, its first line the value. */
async function readEnvironmentFolder(context: ServiceContext, folder: string): Promise<Map<string, string>> {
  const variables = new Map<string, string>();
  for (const name of context.fs.list(folder).slice(0, 200)) {
    const text = await readText(context, joinPath(folder, name), 65536);
    if (text !== null && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) variables.set(name, text.split('\n', 1)[0]!);
  }
  return variables;
}

function canRun(context: ServiceContext, service: FoundService): boolean {
  const path = service.definition ?? '/';
  if (service.blocked !== undefined) {
    context.report(
      'service-starts-nothing',
      service.blocked.path,
      `line ${service.blocked.line}: ${service.name}: ${service.blocked.reason}`,
    );
    return false;
  }
  const missing = missingProgram(context.fs, service.command);
  if (missing !== null)
    context.report('program-missing', path, `${service.name} would run ${missing}, which is not on the disk`);
  return missing === null;
}
