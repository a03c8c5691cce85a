import { type FoundService, NO_FINDINGS, readText, type ServiceContext, type ServiceReader } from '../context.js';
import { emptyService, missingProgram } from '../found.js';
import { readScript } from '../script/index.js';
import { startLinks } from '../sysvinit/run-levels.js';

const SCRIPTS = ['/etc/rc.local', '/etc/rc.d/rc.local', '/etc/init.d/boot.local', '/etc/init.d/after.local'];

/** Programs that the administrator's own boot script starts. */
export const rcLocal: ServiceReader = {
  name: 'rc.local',
  paths: ['/etc/rc.local', '/etc/rc.d/rc.local', '/etc/local.d'],
  async read(context, earlier) {
    const services: FoundService[] = [];
    const seen = new Set<string>();
    for (const path of scripts(context)) {
      const entry = context.fs.stat(path);
      if (entry?.type !== 'file' || seen.has(entry.path)) continue;
      seen.add(entry.path);
      const runs = (entry.mode & 0o111) !== 0 && isRun(context, path, earlier);
      services.push(...(await readPrograms(context, path, runs)));
    }
    return { ...NO_FINDINGS, services };
  },
};

/** OpenRC's `local` runs every /etc/local.d/NAME.start. */
function scripts({ fs }: ServiceContext): string[] {
  const local = fs.list('/etc/local.d').filter((name) => name.endsWith('.start'));
  return [...SCRIPTS, ...local.map((name) => `/etc/local.d/${name}`)];
}

function isRun(context: ServiceContext, path: string, earlier: readonly FoundService[]): boolean {
  const named = (pattern: RegExp): boolean => earlier.some(({ name, enabled }) => enabled && pattern.test(name));
  switch (context.init) {
    case 'none':
      return false;
    case 'systemd':
      return named(/^(?:rc-local|rc\.local)\.service$/);
    default:
      if (path.startsWith('/etc/local.d/')) return named(/^local$/);
      if (path.endsWith('boot.local')) return true;
      return (
        named(/^(?:rc\.?local|local)$/) ||
        ['2', '3', '5'].some((level) =>
          startLinks(context.fs, level).some(({ script }) => script === 'local' || script === 'rc.local'),
        )
      );
  }
}

async function readPrograms(context: ServiceContext, path: string, runs: boolean): Promise<FoundService[]> {
  const text = await readText(context, path);
  if (text === null) return [];
  const { launches } = await readScript(context, { path, text, parameters: [path, 'start'] });
  return launches.slice(0, 100).map((launch) => {
    const missing = missingProgram(context.fs, launch.command);
    if (missing !== null)
      context.report('program-missing', launch.path, `line ${launch.line}: ${missing} is not on the disk`);
    return {
      ...emptyService(`rc.local:${launch.line}`, 'rc.local'),
      enabled: runs && missing === null,
      command: launch.command,
      inferred: true,
      type: launch.foreground ? 'simple' : launch.kind === 'command' ? 'oneshot' : 'forking',
      user: launch.user ?? 'root',
      group: launch.group,
      workingDirectory: launch.workingDirectory,
      evidence: [{ path: launch.path, line: launch.line }],
      definition: path,
    } satisfies FoundService;
  });
}
