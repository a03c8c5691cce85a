import { parentPath } from '../../../model/path.js';
import type { ListeningPort } from '../../../model/services.js';
import { shellWords } from '../../../syntax/shell.js';
import { type FoundService, NO_FINDINGS, type ServiceContext, type ServiceReader } from '../context.js';
import { emptyService, missingProgram, toRecord } from '../found.js';
import { runningPrograms } from '../started.js';
import { findProgram } from '../systemd/exec.js';
import { readConfiguration, type Section } from './configuration.js';

/** Where supervisord looks without `-c` (its manual, Configuration File). */
const DEFAULT_PATHS = [
  '/etc/supervisor/supervisord.conf',
  '/etc/supervisord.conf',
  '/usr/local/etc/supervisord.conf',
  '/usr/etc/supervisord.conf',
  '/etc/supervisord.d/supervisord.conf',
];

export const supervisord: ServiceReader = {
  name: 'supervisord',
  paths: ['/etc/supervisor', '/etc/supervisord.conf', '/etc/supervisord.d', '/usr/local/etc/supervisord.conf'],
  async read(context, earlier) {
    const running = runningPrograms(earlier, ['supervisord']);
    const named = running
      .map(({ command }) => optionValue(command, '-c', '--configuration'))
      .filter((path) => path !== null);
    const path = [...named, ...DEFAULT_PATHS].find((each) => context.fs.stat(each)?.type === 'file');
    if (path === undefined) return NO_FINDINGS;
    const sections = await readConfiguration(context, path);
    const groups = groupsOf(sections);
    const services: FoundService[] = [];
    for (const section of sections) {
      const program = /^(?:program|fcgi-program|eventlistener):(.+)$/.exec(section.name)?.[1]?.trim();
      if (program === undefined) continue;
      const group = groups.get(program) ?? program;
      for (const names of processesOf(section, program, group)) {
        if (services.length >= MAX_PROCESSES) break;
        services.push(readProcess(context, section, names, running.length > 0));
      }
    }
    return { ...NO_FINDINGS, services };
  },
};

const MAX_PROCESSES = 2000;

/** What `%(…)s` stands for in the values of one process. */
interface ProcessNames {
  /** As supervisorctl calls it: `worker`, or `group:worker` where the two differ. */
  readonly full: string;
  readonly program: string;
  readonly group: string;
  readonly number: number;
}

/** Program → the group that a [group:…] section puts it into. */
function groupsOf(sections: readonly Section[]): Map<string, string> {
  const groups = new Map<string, string>();
  for (const { name, values } of sections) {
    const group = /^group:(.+)$/.exec(name)?.[1]?.trim();
    if (group === undefined) continue;
    for (const program of (values.get('programs')?.value ?? '').split(',')) groups.set(program.trim(), group);
  }
  return groups;
}

/** `numprocs` processes, told apart by `process_name`. */
function processesOf(section: Section, program: string, group: string): ProcessNames[] {
  const number = (key: string, otherwise: number): number => {
    const text = section.values.get(key)?.value ?? '';
    return /^\d{1,5}$/.test(text) ? Number(text) : otherwise;
  };
  const first = number('numprocs_start', 0);
  return Array.from({ length: Math.min(number('numprocs', 1), MAX_PROCESSES) }, (_, index) => {
    const names = { full: '', program, group, number: first + index };
    const written = section.values.get('process_name')?.value;
    const name = written === undefined ? program : fill(written, names, section.path);
    return { ...names, full: name === group ? name : `${group}:${name}` };
  });
}

function readProcess(
  context: ServiceContext,
  section: Section,
  names: ProcessNames,
  supervisorRuns: boolean,
): FoundService {
  const value = (key: string): string | null => {
    const text = section.values.get(key)?.value;
    return text === undefined ? null : fill(text, names, section.path);
  };
  const words = shellWords(value('command') ?? '');
  const command = words.length === 0 ? [] : [findProgram(context.fs, words[0]!), ...words.slice(1)];
  const line = section.values.get('command')?.line ?? section.line;
  const missing = missingProgram(context.fs, command);
  if (command.length === 0)
    context.report('service-without-command', section.path, `line ${section.line}: ${section.name} has no command`);
  else if (missing !== null)
    context.report('program-missing', section.path, `line ${line}: ${missing} is not on the disk`);
  const autostart = !/^(?:false|no|off|0)$/i.test(value('autostart') ?? 'true');
  const { ports, listens } = socketOf(value('socket'), section);
  return {
    ...emptyService(names.full, 'supervisord'),
    enabled: supervisorRuns && autostart && command.length > 0 && missing === null,
    command,
    user: value('user') ?? 'root',
    workingDirectory: value('directory'),
    environment: toRecord(parseEnvironment(value('environment') ?? '')),
    restart: restartOf(value('autorestart')),
    stopSignal: value('stopsignal') === null ? null : `SIG${value('stopsignal')!.replace(/^SIG/, '')}`,
    ports,
    listens,
    evidence: [{ path: section.path, line }],
    definition: section.path,
  };
}

/** `KEY="value",KEY2=value`: quotes are optional around values without commas. */
export function parseEnvironment(text: string): [string, string][] {
  const result: [string, string][] = [];
  const matcher = /\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^,"']*))\s*(?:,|$)/y;
  for (let match = matcher.exec(text); match !== null && match[0] !== ''; match = matcher.exec(text)) {
    result.push([match[1]!, (match[2] ?? match[3] ?? match[4] ?? '').trim()]);
    if (matcher.lastIndex >= text.length) break;
  }
  return result;
}

/** `%(name)s` of what is known without the running supervisor; `%(process_num)02d` is padded. */
function fill(text: string, names: ProcessNames, path: string): string {
  const known: Readonly<Record<string, string>> = {
    program_name: names.program,
    group_name: names.group,
    process_num: String(names.number),
    here: parentPath(path),
  };
  return text
    .replace(/%\(([A-Za-z_]{1,30})\)(0?)([0-9]{0,2})([sd])/g, (whole, key: string, zero: string, width: string) =>
      Object.hasOwn(known, key) ? known[key]!.padStart(Number(width), zero === '0' ? '0' : ' ') : whole,
    )
    .replaceAll('%%', '%');
}

function restartOf(text: string | null): FoundService['restart'] {
  if (text === null || text === 'unexpected') return 'on-failure';
  return /^(?:true|yes|on|1)$/i.test(text) ? 'always' : 'no';
}

/** A fcgi-program listens on the socket that supervisord opens for it. */
function socketOf(text: string | null, section: Section): { ports: ListeningPort[]; listens: string[] } {
  const unix = /^unix:\/\/(\/.*)$/.exec(text ?? '');
  if (unix !== null) return { ports: [], listens: [unix[1]!] };
  const tcp = /^tcp:\/\/([^:]*):([0-9]{1,5})$/.exec(text ?? '');
  if (tcp === null) return { ports: [], listens: [] };
  const address = tcp[1] === 'localhost' ? '127.0.0.1' : tcp[1] === '' || tcp[1] === '*' ? '0.0.0.0' : tcp[1]!;
  const line = section.values.get('socket')!.line;
  return {
    ports: [{ port: Number(tcp[2]), protocol: 'tcp', address, evidence: { path: section.path, line } }],
    listens: [],
  };
}

function optionValue(command: readonly string[], short: string, long: string): string | null {
  const at = command.findIndex((word) => word === short || word === long);
  if (at >= 0) return command[at + 1] ?? null;
  return command.find((word) => word.startsWith(`${long}=`))?.slice(long.length + 1) ?? null;
}
