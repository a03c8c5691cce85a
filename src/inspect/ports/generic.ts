import { parseEndpoint, parsePort } from './addresses.js';
import type { CommandLine } from './command-line.js';
import { collectFindings, type Findings } from './findings.js';
import type { PortContext, PortFindings } from './reader.js';
import { readScript } from './script-source.js';
import type { Setting } from './setting.js';

/** Options that name nothing but a port to listen on. */
const PORT_OPTIONS = [
  'port',
  'http-port',
  'http.port',
  'https-port',
  'listen-port',
  'server.port',
  'server-port',
  'httpPort',
  'web-port',
  'bind-port',
];
/** Options that name an address with a port. */
const ADDRESS_OPTIONS = [
  'listen', 'listen-address', 'listen-addr', 'web.listen-address', 'http.listen-address', 'bind', 'bind-address',
  'bind-addr', 'addr', 'address', 'http', 'http-addr', 'http-address', 'http.addr', 'server.address',
  'metrics-bind-address', 'telemetry.addr',
]; // biome-ignore format: a list
const HOST_OPTIONS = [
  'host',
  'listen-host',
  'bind-host',
  'bind',
  'bind-address',
  'bind-addr',
  'address',
  'addr',
  'listen',
  'listen-address',
  'ip',
];
const PORT_VARIABLES = ['PORT', 'HTTP_PORT', 'SERVER_PORT', 'LISTEN_PORT', 'APP_PORT', 'BIND_PORT', 'WEB_PORT'];
const ADDRESS_VARIABLES = [
  'LISTEN_ADDRESS',
  'LISTEN_ADDR',
  'BIND_ADDRESS',
  'BIND_ADDR',
  'HTTP_ADDR',
  'LISTEN',
  'ADDR',
  'BIND',
];
const HOST_VARIABLES = ['HOST', 'LISTEN_HOST', 'BIND_HOST', 'ADDRESS', ...ADDRESS_VARIABLES];

/** Programs whose `-p` is no port of their own, and clients whose `--port` is somebody else's. */
const NO_SERVERS = new Set([
  'mount', 'ip', 'iptables', 'nft', 'nc', 'ncat', 'ssh', 'autossh', 'curl', 'wget', 'psql', 'mysqldump', 'redis-cli', 'ping',
  'mkdir', 'install', 'sysctl', 'modprobe', 'udevadm', 'dhclient', 'systemctl', 'cp', 'cat', 'rm', 'touch', 'find', 'echo',
  'test', '[', 'bash', 'sh', 'dash', 'cron', 'agetty', 'getty', 'login',
]); // biome-ignore format: a list

/**
 * A program that nobody knows: what its command line and its environment say about listening, all of it inferred.
 * Only options and variables that usually mean listening count; a remote address (`--target`, `--server`) never does.
 */
export async function readUnknownProgram(context: PortContext): Promise<PortFindings> {
  const { command } = context;
  // Node and Python ask the resolver; what is compiled asks it for IPv4 as a rule.
  const isScript = command.names.some((each) => /^(?:node|nodejs|python[\d.]*)$/.test(each));
  const findings = await collectFindings(context, { names: isScript ? 'first' : 'ipv4' });
  if (isNoServer(command.program)) return findings.done();
  // What a script of somebody's own says in so many words counts before what its surroundings suggest.
  const { language, listeners } = await readScript(context);
  for (const { host, port, protocol, path, line } of listeners)
    findings.add(host, port, { evidence: { path, line }, inferred: true }, protocol);
  if (!findings.isEmpty) return findings.done();
  const protocol = command.has('udp') ? 'udp' : 'tcp';
  const own = ownPrefix(context.service.name);
  const isFileServer = /http\.server$/.test(command.names[0] ?? '');
  // What a Python program opens without an address is IPv4 as a rule.
  const everywhere = language === 'python' ? '0.0.0.0' : '*';
  const host = (isFileServer ? command.option('b')?.value : undefined) ?? hostOf(command, own) ?? everywhere;
  const addAddress = (setting: Setting): void => addEndpoint(findings, setting, protocol, everywhere);
  const add = (setting: Setting): void => findings.add(host, setting.value, { ...setting, inferred: true }, protocol);
  const wholePorts = command.options(...PORT_OPTIONS).filter((setting) => parsePort(setting.value) !== null);
  const shortPorts =
    wholePorts.length > 0 ? [] : command.options('p').filter((setting) => parsePort(setting.value) !== null);
  for (const setting of [...wholePorts, ...shortPorts]) add(setting);
  for (const setting of [...command.options(...ADDRESS_OPTIONS), ...command.options('l', 'b')]) addAddress(setting);
  if (isFileServer) {
    const given = command.arguments.find((argument) => parsePort(argument) !== null);
    add(given === undefined ? command.builtIn(8000) : command.setting(given));
  }
  if (!findings.isEmpty) return findings.done();
  for (const [index, argument] of command.arguments.entries()) {
    // What follows an option that nobody knows may be where it connects to, unless it is a wildcard.
    if (/127\.|localhost|::1/.test(argument) && /^--?[\w-]+$/.test(command.arguments[index - 1] ?? '')) continue;
    // A bare `:8080` or `0.0.0.0:8080`; `host:8080` could as well be where it connects to.
    if (/^(?:(?:tcp|http):\/\/)?(?:0\.0\.0\.0|\*|\[::\]|127\.0\.0\.1|localhost|\[::1\])?:\d{1,5}$/.test(argument))
      addAddress(command.setting(argument));
  }
  if (!findings.isEmpty) return findings.done();
  for (const variable of withPrefix(own, ADDRESS_VARIABLES)) {
    const setting = command.environment(variable);
    if (setting !== undefined) addAddress(setting);
  }
  if (!findings.isEmpty) return findings.done();
  for (const variable of withPrefix(own, PORT_VARIABLES)) {
    const setting = command.environment(variable);
    if (setting !== undefined && parsePort(setting.value) !== null) {
      add(setting);
      break;
    }
  }
  return findings.done();
}

/** By name where distributions put programs: somebody's own `/opt/dash/dash` is no shell. */
function isNoServer(program: string): boolean {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return NO_SERVERS.has(name) && (name === program || /^(?:\/usr)?\/s?bin\//.test(program));
}

/** `GUESTBOOK_` for guestbook.service: what is named so speaks of the service itself, not of one it connects to. */
function ownPrefix(service: string): string {
  const name = service.replace(/\.(?:service|socket)$/, '').replace(/@.*$/, '');
  return `${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_`;
}

function withPrefix(prefix: string, names: readonly string[]): string[] {
  return [...names, ...names.map((name) => prefix + name)];
}

function hostOf(command: CommandLine, own: string): string | null {
  const values = [
    ...command.options(...HOST_OPTIONS),
    ...withPrefix(own, HOST_VARIABLES).flatMap((name) => command.environment(name) ?? []),
  ];
  for (const { value } of values) {
    const endpoint = parseEndpoint(value);
    // `HOST` is often the machine's own name, which says nothing about where the program listens.
    if (
      endpoint !== null &&
      endpoint.port === '' &&
      /^(?:[\d.]+|[0-9a-f:]*:[0-9a-f:]*|localhost|\*)$/i.test(endpoint.host)
    )
      return endpoint.host;
  }
  return null;
}

/** Only text that holds a port of digits; `unix:` and absolute paths that end in `.sock` are sockets. */
function addEndpoint(findings: Findings, setting: Setting, protocol: 'tcp' | 'udp', everywhere: string): void {
  const text = setting.value.trim();
  if (/^(?:unix:(?:\/\/)?)?\/[^\s]*\.sock(?:et)?$/.test(text)) {
    findings.socket(text.replace(/^unix:(?:\/\/)?/, ''));
    return;
  }
  const endpoint = parseEndpoint(text);
  if (endpoint === null || parsePort(endpoint.port) === null) return;
  findings.add(
    endpoint.host || everywhere,
    endpoint.port,
    { ...setting, inferred: true },
    endpoint.scheme === 'udp' ? 'udp' : protocol,
  );
}
