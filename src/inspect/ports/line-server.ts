import type { NameHabit, WildcardHabit } from './addresses.js';
import type { InFile } from './config-files.js';
import { collectFindings } from './findings.js';
import { type Entry, type LineStyle, unquote } from './formats/lines.js';
import type { PortContext, PortFindings, PortReader } from './reader.js';
import type { Setting } from './setting.js';
import { fallback, fromFile, readLinesWithIncludes } from './settings.js';

/** A server whose file names its port under one key and its addresses under another. */
export interface LineServer {
  /** Options of the command line that name the file, and where it lies otherwise; the first that exists. */
  readonly fileOptions?: readonly string[];
  readonly files: readonly string[];
  readonly style: LineStyle;
  /** Sections whose entries count, in lower case; all when absent. */
  readonly sections?: readonly string[];
  /** Keys in lower case; the last entry counts. */
  readonly port: readonly string[];
  readonly address?: readonly string[];
  /** Options of the command line that say the same, and win. */
  readonly portOptions?: readonly string[];
  readonly addressOptions?: readonly string[];
  /** What holds when nothing is said; without a port it does not listen then. */
  readonly defaultPort?: number;
  readonly defaultAddress?: string;
  readonly protocols?: readonly ('tcp' | 'udp')[];
  readonly wildcards?: WildcardHabit;
  readonly names?: NameHabit;
  /** Files that an entry includes. */
  readonly includes?: (entry: Entry, context: PortContext) => readonly string[] | undefined;
}

/** A reader made of such a description: the port and the addresses are lists parted by commas or blanks. */
export function lineServer(facts: Omit<PortReader, 'read'>, server: LineServer): PortReader {
  return { ...facts, read: (context) => readLineServer(context, server) };
}

export async function readLineServer(context: PortContext, server: LineServer): Promise<PortFindings> {
  const { command, files } = context;
  const findings = await collectFindings(context, {
    ...(server.wildcards === undefined ? {} : { wildcards: server.wildcards }),
    ...(server.names === undefined ? {} : { names: server.names }),
  });
  const named = command.option(...(server.fileOptions ?? []))?.value;
  const path = named ?? files.first(server.files);
  const entries =
    path === undefined
      ? []
      : await readLinesWithIncludes(files, path, server.style, (entry) => server.includes?.(entry, context));
  const last = (keys: readonly string[] = []): Setting | undefined => {
    const entry = entries.findLast(
      (each) => keys.includes(each.key.toLowerCase()) && isCounted(each, server.sections) && each.value !== '',
    );
    return entry === undefined ? undefined : fromFile({ ...entry, value: unquote(entry.value) });
  };
  const port =
    command.option(...(server.portOptions ?? [])) ??
    last(server.port) ??
    (server.defaultPort === undefined ? undefined : fallback(context, path, server.defaultPort));
  if (port === undefined) return findings.done();
  const address = command.option(...(server.addressOptions ?? [])) ?? last(server.address);
  const hosts = listOf(address?.value ?? server.defaultAddress ?? '*');
  // A default stands in no line: what is written beside it is the better evidence.
  const origin = port.evidence.line === undefined && address !== undefined ? address : port;
  for (const number of listOf(port.value)) {
    for (const host of hosts)
      for (const protocol of server.protocols ?? ['tcp']) findings.add(host, number, origin, protocol);
  }
  return findings.done();
}

function isCounted({ section }: InFile<Entry>, sections: readonly string[] | undefined): boolean {
  return sections === undefined || sections.includes(section.toLowerCase());
}

function listOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
