import { baseName } from '../../../model/path.js';
import { shellWords } from '../../../syntax/shell.js';
import { type FoundService, readText, type ServiceContext } from '../context.js';
import { emptyService } from '../found.js';
import { startedBy } from '../script/launchers.js';

export interface InittabEntry {
  readonly id: string;
  /** Empty: every run level. */
  readonly levels: string;
  readonly action: string;
  readonly process: string;
  readonly line: number;
}

export interface Inittab {
  readonly entries: readonly InittabEntry[];
  /** The run level of `initdefault`; null without one. */
  readonly defaultLevel: string | null;
}

const PATH = '/etc/inittab';
const MAX_ENTRIES = 1000;

/** inittab(5): `id:levels:action:process`. BusyBox leaves id and levels empty, or puts a terminal in the first. */
export async function readInittab(context: ServiceContext): Promise<Inittab> {
  const entries: InittabEntry[] = [];
  const lines = ((await readText(context, PATH)) ?? '').split('\n');
  lines.forEach((raw, index) => {
    const text = raw.trim();
    if (text === '' || text.startsWith('#') || entries.length >= MAX_ENTRIES) return;
    const [id, levels, action, ...process] = text.split(':');
    if (action === undefined) {
      context.report('inittab-syntax', PATH, `line ${index + 1} is no entry`);
      return;
    }
    entries.push({ id: id!, levels: levels!, action, process: process.join(':').trim(), line: index + 1 });
  });
  const defaultEntry = entries.find(({ action }) => action === 'initdefault');
  return { entries, defaultLevel: defaultEntry === undefined ? null : (defaultEntry.levels[0] ?? null) };
}

/** Programs that init itself starts and keeps: everything but gettys' terminals, rc and the handlers of keys and power. */
export function inittabServices(context: ServiceContext, inittab: Inittab, level: string): FoundService[] {
  const services: FoundService[] = [];
  for (const entry of inittab.entries) {
    const { action } = entry;
    if (!/^(?:respawn|askfirst|once|wait|boot|bootwait|ondemand|sysinit)$/.test(action)) continue;
    const words = shellWords(entry.process.replace(/^[-+]/, ''));
    const program = words[0];
    if (program === undefined || isRunLevelScript(words)) continue;
    const isKept = action === 'respawn' || action === 'askfirst' || action === 'ondemand';
    if (!isKept && startedBy(program, words.slice(1)) === null && !/^\//.test(program)) continue;
    if (!isKept && (action === 'sysinit' || action === 'boot' || action === 'bootwait')) continue;
    const started = startedBy(program, words.slice(1));
    const isEnabled = entry.levels === '' || entry.levels.includes(level) || action === 'askfirst';
    services.push({
      ...emptyService(`inittab:${entry.id === '' ? entry.line : entry.id}`, 'sysvinit'),
      description: null,
      enabled: isEnabled && context.fs.exists(PATH),
      command: started?.command ?? words,
      user: started?.user ?? 'root',
      type: isKept ? 'simple' : 'oneshot',
      restart: isKept ? 'always' : 'no',
      evidence: [{ path: PATH, line: entry.line }],
      definition: PATH,
      ...(isGetty(words) ? { role: { role: 'system', reason: 'login on a terminal' } as const } : {}),
    });
  }
  return services;
}

/** Whether an entry hands the run level over to rc, OpenRC or a shell script of the init system. */
export function isRunLevelScript(words: readonly string[]): boolean {
  return words.some((word) => /^(?:rc|rcS|openrc|rc\.sysinit|rc\.boot|rcL|runsvdir-start)$/.test(baseName(`/${word}`)));
}

function isGetty(words: readonly string[]): boolean {
  return words.some((word) => /getty|^sulogin$|^(?:a|ba)?sh$|^login$/.test(baseName(`/${word}`)));
}
