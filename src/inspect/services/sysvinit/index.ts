import type { FoundService, ServiceContext, ServiceReader } from '../context.js';
import { NO_FINDINGS } from '../context.js';
import { missingProgram } from '../found.js';
import { readInitScript } from './init-script.js';
import { inittabServices, readInittab } from './inittab.js';
import { listScripts, startLinks } from './run-levels.js';

export const sysvinit: ServiceReader = {
  name: 'sysvinit',
  paths: ['/etc/inittab', '/etc/init.d', '/etc/rc.d', '/etc/default', '/etc/sysconfig'],
  async read(context) {
    if (context.init !== 'sysvinit' && context.init !== 'busybox') return NO_FINDINGS;
    const inittab = await readInittab(context);
    const level = bootLevel(context.kernelArguments, inittab.defaultLevel);
    const services = inittabServices(context, inittab, level);
    // OpenRC takes the place of rc: its reader says what the run levels start.
    if (!hasOpenRc(context)) services.push(...(await runLevelServices(context, level)));
    return { ...NO_FINDINGS, services };
  },
};

/** What rc starts on the way to a run level: the links of `S` (Debian) and of the level itself. */
export async function runLevelServices(context: ServiceContext, level: string): Promise<FoundService[]> {
  const started = new Map<string, string>();
  for (const each of ['S', level]) for (const link of startLinks(context.fs, each)) started.set(link.script, link.path);
  const services: FoundService[] = [];
  const scripts = listScripts(context.fs);
  for (const [name, path] of scripts) {
    const link = started.get(name);
    const service = await readInitScript(context, path);
    const evidence = link === undefined ? service.evidence : [...service.evidence, { path: link }];
    services.push({ ...service, evidence, enabled: link !== undefined && willStart(context, service) });
  }
  return services;
}

/** A script that is linked but ends at once, or whose program is gone with its package, starts nothing. */
export function willStart(context: ServiceContext, service: FoundService): boolean {
  const path = service.definition ?? '/';
  if (service.blocked !== undefined) {
    const { reason, path: where, line } = service.blocked;
    context.report('service-starts-nothing', where, `line ${line}: ${service.name}: ${reason}`);
    return false;
  }
  const program = missingProgram(context.fs, service.command);
  if (program !== null) {
    context.report('program-missing', path, `${service.name} would run ${program}, which is not on the disk`);
    return false;
  }
  return true;
}

/** The run level of the kernel command line, of inittab, or the usual one of the distribution. */
export function bootLevel(kernelArguments: readonly string[], fromInittab: string | null): string {
  const named = kernelArguments.findLast((word) => /^(?:[0-9]|s|S|single)$/.test(word));
  if (named !== undefined) return /^[0-9]$/.test(named) ? named : '1';
  return fromInittab ?? '2';
}

export function hasOpenRc({ fs }: Pick<ServiceContext, 'fs'>): boolean {
  return (
    fs.list('/etc/runlevels').length > 0 &&
    (fs.exists('/sbin/openrc') || fs.exists('/usr/sbin/openrc') || fs.exists('/sbin/rc') || !fs.exists('/etc/rc2.d'))
  );
}
