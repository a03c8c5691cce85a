import type { ListeningPort } from '../../../model/services.js';
import { expandGlob } from '../../../syntax/glob.js';
import { shellWords } from '../../../syntax/shell.js';
import { type FoundService, readText, type ServiceContext } from '../context.js';
import { emptyService, missingProgram } from '../found.js';
import { inetdActivation, portOf, readNetworkServices } from './network-services.js';

interface Block {
  readonly name: string;
  readonly values: Map<string, { value: string; line: number }>;
  readonly path: string;
  readonly line: number;
}

/** xinetd.conf(5): `service NAME { … }` blocks of the main file and of its includes. */
export async function readXinetd(context: ServiceContext, isRunning: boolean): Promise<FoundService[]> {
  const blocks = await readBlocks(context, '/etc/xinetd.conf', 0);
  const defaults = blocks.find(({ name }) => name === '')?.values;
  const enabledOnly = defaults?.get('enabled')?.value.split(/\s+/);
  const disabled = new Set(defaults?.get('disabled')?.value.split(/\s+/) ?? []);
  const known = await readNetworkServices(context);
  return blocks.flatMap((block) => {
    if (block.name === '') return [];
    const value = (key: string): string | null => block.values.get(key)?.value ?? null;
    const id = value('id') ?? block.name;
    const isOn =
      value('disable') !== 'yes' && !disabled.has(id) && (enabledOnly === undefined || enabledOnly.includes(id));
    const server = value('server');
    const isInternal = /\bINTERNAL\b/.test(value('type') ?? '');
    const command = server === null ? [] : [server, ...shellWords(value('server_args') ?? '')];
    const line = block.values.get('server')?.line ?? block.line;
    if (server === null && !isInternal && value('redirect') === null) {
      context.report('service-without-command', block.path, `line ${block.line}: ${block.name} names no server`);
    }
    const missing = isOn ? missingProgram(context.fs, command) : null;
    if (missing !== null) context.report('program-missing', block.path, `line ${line}: ${missing} is not on the disk`);
    const ports = portsOf(block, known, context);
    return [
      {
        ...emptyService(id, 'inetd'),
        enabled: isRunning && isOn && missing === null,
        command,
        user: value('user') ?? 'root',
        group: value('group'),
        ports,
        ...(ports.length === 0
          ? {}
          : { activation: inetdActivation(ports, value('socket_type') ?? 'stream', value('wait') === 'yes') }),
        evidence: [{ path: block.path, line }],
        definition: block.path,
        ...(isInternal ? { role: { role: 'system', reason: 'answered by xinetd itself' } as const } : {}),
      },
    ];
  });
}

function portsOf(block: Block, known: ReadonlyMap<string, number>, context: ServiceContext): ListeningPort[] {
  const value = (key: string): string | null => block.values.get(key)?.value ?? null;
  const protocol = value('protocol') ?? (value('socket_type') === 'dgram' ? 'udp' : 'tcp');
  if (/\bRPC\b/.test(value('type') ?? '')) return [];
  const port = portOf(known, value('port') ?? block.name, protocol);
  if (port === null || (protocol !== 'tcp' && protocol !== 'udp')) {
    context.report('inetd-unknown-service', block.path, `line ${block.line}: ${block.name} has no port`);
    return [];
  }
  const bound = value('bind') ?? value('interface');
  const flags = value('flags') ?? '';
  const address =
    bound !== null && bound !== '0.0.0.0'
      ? bound === 'localhost'
        ? '127.0.0.1'
        : bound
      : /\bIPv6\b/.test(flags)
        ? '*'
        : /\bIPv4\b/.test(flags) || bound === '0.0.0.0'
          ? '0.0.0.0'
          : '*';
  const line = block.values.get('port')?.line ?? block.line;
  return [{ port, protocol, address, evidence: { path: block.path, line } }];
}

async function readBlocks(context: ServiceContext, path: string, depth: number): Promise<Block[]> {
  const blocks: Block[] = [];
  const included: string[] = [];
  let block: Block | null = null;
  const lines = ((await readText(context, path)) ?? '').split('\n');
  lines.forEach((raw, index) => {
    const text = raw.replace(/#.*$/, '').trim();
    const header = /^(?:service[ \t]+(\S{1,200})|(defaults))[ \t]*(\{?)$/.exec(text);
    const include = /^(include|includedir)[ \t]+(\/\S+)$/.exec(text);
    if (header !== null) {
      block = { name: header[1] ?? '', values: new Map(), path, line: index + 1 };
      blocks.push(block);
    } else if (include !== null && block === null) {
      if (include[1] === 'include') included.push(include[2]!);
      else
        included.push(
          ...expandGlob(context.fs, `${include[2]!.replace(/\/+$/, '')}/*`).filter(
            (file) => !/\.|~$/.test(file.slice(file.lastIndexOf('/') + 1)),
          ),
        );
    } else if (text === '}') block = null;
    else if (block !== null) {
      const match = /^([a-z_]{1,40})[ \t]*([+-]?=)[ \t]*(.*)$/.exec(text);
      if (match === null) return;
      const before = match[2] === '+=' ? `${block.values.get(match[1]!)?.value ?? ''} ` : '';
      block.values.set(match[1]!, { value: (before + match[3]!).trim(), line: index + 1 });
    }
  });
  if (depth < 3)
    for (const file of included.slice(0, 500)) blocks.push(...(await readBlocks(context, file, depth + 1)));
  return blocks;
}
