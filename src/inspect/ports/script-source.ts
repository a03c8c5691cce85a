import { baseName } from '../../model/path.js';
import type { ListeningPort } from '../../model/services.js';
import { parsePort } from './addresses.js';
import { absolute } from './config-files.js';
import { listeningCalls } from './formats/listening-calls.js';
import type { PortContext } from './reader.js';

const MAX_BYTES = 256 * 1024;
/** Where people put programs of their own; what packages bring is split over modules, and has readers. */
const OWN_FOLDERS = /^\/(?:opt|srv|usr\/local|home|root|data|app|var\/(?:www|lib|opt))\//;

/** A place where a script says that it listens. */
export interface ScriptListener {
  readonly host: string;
  readonly port: string;
  readonly protocol: ListeningPort['protocol'];
  readonly path: string;
  readonly line: number;
}

export interface ScriptReading {
  /** Null for a program that is no script of these. */
  readonly language: 'python' | 'javascript' | null;
  readonly listeners: readonly ScriptListener[];
}

/**
 * What the script behind a service listens on, where it says so in one call with constants, variables of its environment
 * or its own options. Python and JavaScript; nothing is run, and whatever needs more than a look is left out.
 */
export async function readScript(context: PortContext): Promise<ScriptReading> {
  const { command, files, fs, service } = context;
  const path = absolute(command.program, service.workingDirectory ?? '/');
  const entry = fs.stat(path);
  const isReadable = entry?.type === 'file' && entry.size <= MAX_BYTES && OWN_FOLDERS.test(path);
  const text = isReadable ? await files.read(path) : null;
  const language = languageOf(command.names, path, text ?? '');
  if (text === null || language === null) return { language, listeners: [] };
  const calls = listeningCalls(text, language, {
    environment: (name) => (Object.hasOwn(service.environment, name) ? service.environment[name]! : null),
    option: (name) => command.option(name, name.replaceAll('_', '-'))?.value ?? null,
    argument: (index) => command.arguments[index] ?? null,
  });
  const listeners = calls.filter(({ port }) => parsePort(port) !== null).map((call) => ({ ...call, path }));
  return { language, listeners };
}

function languageOf(names: readonly string[], path: string, text: string): 'python' | 'javascript' | null {
  const shebang = /^#!.{0,200}/.exec(text)?.[0] ?? '';
  const interpreter = names.find((name) => /^(?:python[\d.]*|node|nodejs)$/.test(name)) ?? shebang;
  if (/python/.test(interpreter) || (interpreter === '' && baseName(path).endsWith('.py'))) return 'python';
  return /node/.test(interpreter) ? 'javascript' : null;
}
