import { shellWords } from '../../../syntax/shell.js';
import { collectFindings, type Findings } from '../findings.js';
import { BLANK_STYLE, unquote } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fallback, fromFile, isAtLeast, isYes, readLinesWithIncludes } from '../settings.js';

/** https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/; Valkey and KeyDB read the same. */
export const redis: PortReader = {
  name: 'redis',
  programs: [
    'redis-server', 'redis-sentinel', 'redis', 'valkey-server', 'valkey-sentinel', 'valkey', 'keydb-server',
    'redis-check-rdb', 'sentinel',
  ], // biome-ignore format: a list
  packages: ['redis-server', 'redis', 'redis-sentinel', 'valkey-server', 'valkey', 'keydb-server'],
  async read(context) {
    const findings = await collectFindings(context, { names: 'ipv4' });
    const isSentinel = /sentinel/.test(context.command.program) || context.command.has('sentinel');
    const configuration = configurationFile(context, isSentinel);
    const entries =
      configuration === undefined
        ? []
        : await readLinesWithIncludes(context.files, configuration, BLANK_STYLE, (entry) =>
            entry.key.toLowerCase() === 'include' ? [unquote(entry.value)] : undefined,
          );
    const setting = (name: string): Setting | undefined => {
      const entry = entries.findLast((candidate) => candidate.key.toLowerCase() === name);
      return commandSetting(context, name) ?? (entry === undefined ? undefined : fromFile(entry));
    };
    const port = setting('port') ?? fallback(context, configuration, isSentinel ? 26379 : 6379);
    const bind = setting('bind');
    const hosts = bindAddresses(bind, context);
    addAll(findings, hosts, port, bind);
    const tls = setting('tls-port');
    if (tls !== undefined) addAll(findings, hosts, tls, bind);
    if (isYes(unquote(setting('cluster-enabled')?.value ?? '')) && !isSentinel) {
      const bus = setting('cluster-port');
      const number = Number(bus?.value ?? 0) || Number(port.value === '0' ? tls?.value : port.value) + 10000;
      addAll(findings, hosts, { ...(bus ?? setting('cluster-enabled')!), value: String(number) }, undefined);
    }
    const socket = setting('unixsocket');
    if (socket !== undefined) findings.socket(unquote(socket.value));
    return findings.done();
  },
};

function configurationFile(context: PortContext, isSentinel: boolean): string | undefined {
  const [first] = context.command.arguments;
  if (first?.startsWith('/') === true) return first;
  // Without a file the server takes its built-in settings; only a script that hides its command line may name one.
  if (/^(?!\/etc\/).*\/(?:redis|valkey|keydb)-(?:server|sentinel)$/.test(context.command.program)) return undefined;
  const name = isSentinel ? 'sentinel.conf' : 'redis.conf';
  return context.files.first([`/etc/redis/${name}`, `/etc/${name}`, `/etc/valkey/${name.replace('redis', 'valkey')}`]);
}

/** `--bind 127.0.0.1 ::1 --port 6380`: the values of an option end at the next one. */
function commandSetting(context: PortContext, name: string): Setting | undefined {
  const words = context.command.arguments;
  const at = words.lastIndexOf(`--${name}`);
  if (at === -1) return undefined;
  const next = words.findIndex((word, index) => index > at && word.startsWith('--'));
  const values = words.slice(at + 1, next === -1 ? undefined : next);
  return { ...context.command.setting(values[0] ?? '', `--${name}`), value: values.join(' ') };
}

/** A leading `-` only says that the address may be missing; `*` is IPv4, `::*` is IPv6. */
function bindAddresses(bind: Setting | undefined, context: PortContext): string[] {
  if (bind === undefined) return [isAtLeast(context.version, '2.8') ? '*' : '0.0.0.0'];
  return shellWords(bind.value).map((word) => {
    const host = word.replace(/^-/, '');
    return host === '*' ? '0.0.0.0' : host === '::*' ? '::' : host;
  });
}

function addAll(findings: Findings, hosts: readonly string[], port: Setting, bind: Setting | undefined): void {
  const origin = port.evidence.line === undefined && bind !== undefined ? bind : port;
  for (const host of hosts) findings.add(host, unquote(port.value), origin);
}
