import { Document, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { ContainerService, MachineContainers } from '../../model/containers.js';
import { humanSize, oneLine } from '../text.js';
import { publishedPorts } from './ports.js';
import type { GuardedService } from './secrets.js';
import { commented, type Entry, entry, interpolated, key, list, map, printable, text, words } from './yaml.js';

/**
 * `compose.yaml` of one machine (Compose specification; design §9): a holder that owns network, ports and names, and
 * one service for each of the machine's, all in the holder's network.
 */
export function composeFile(
  machine: string,
  containers: MachineContainers,
  guarded: readonly GuardedService[],
): string {
  const holder = containers.holder!;
  const services = map();
  services.add(commented(holder.name, holderService(containers), [`Holds the network; mounts every volume first.`]));
  for (const each of guarded) {
    const { service } = each;
    const notes = [
      service.description === null ? service.service : `${service.service}: ${service.description}`,
      ...capabilityNotes(service),
      ...limitNotes(service),
    ];
    services.add(commented(service.slug, memberService(each, holder.name, containers), notes, true));
  }
  const root = map(['services', services]);
  if (containers.volumes.length > 0) {
    const named = map();
    for (const { name, reason, path } of containers.volumes)
      named.add(commented(name, new YAMLMap(), [`${path} (${reason})`]));
    const section = new Scalar('volumes');
    section.spaceBefore = true;
    root.add(new Pair(section, named));
  }
  const document = new Document(root);
  document.commentBefore = header(machine, containers)
    .map((line) => ` ${oneLine(line)}`)
    .join('\n');
  const shown = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, doubleQuotedMinMultiLineLength: 1e9 });
  return printable(shown);
}

function holderService(containers: MachineContainers): YAMLMap {
  const { holder, hostname, hosts, services } = containers;
  const ports = new YAMLSeq();
  for (const { port, service } of publishedPorts(services)) {
    const item = text(`${port.port}:${port.port}${port.protocol === 'tcp' ? '' : `/${port.protocol}`}`);
    const line = port.evidence.line === undefined ? '' : `:${port.evidence.line}`;
    item.comment = ` ${oneLine(`${service}, ${port.evidence.path}${line}${port.inferred === true ? ' (inferred)' : ''}`)}`;
    ports.add(item);
  }
  return map(
    ['image', text(holder!.image)],
    ['build', text('./services/net')],
    ['command', words(holder!.command.map((word) => [word]))],
    ['init', true],
    ['restart', text('always')],
    ...(hostname === null ? [] : [entry('hostname', text(hostname))]),
    ...(ports.items.length === 0 ? [] : [entry('ports', ports)]),
    ...(hosts.length === 0
      ? []
      : [
          entry(
            'extra_hosts',
            list(hosts.flatMap(({ address, names }) => names.map((name) => text(`${name}:${address}`)))),
          ),
        ]),
    ...kernelEntries(services),
    ...volumeEntries(containers),
  );
}

/**
 * Tables of the kernel that the network needs. Engines switch IPv6 off in networks without it, on the loopback too, and a
 * program that is told to listen on ::1 ends.
 */
function kernelEntries(services: readonly ContainerService[]): Entry[] {
  const needsLowPorts = services.some(({ isUnprivileged, ports }) => isUnprivileged && ports.some(isLow));
  const needsSixth = services.some(({ ports }) => ports.some(({ address }) => address === '::1'));
  const tables = map();
  if (needsLowPorts) tables.add(new Pair(key('net.ipv4.ip_unprivileged_port_start'), 0));
  if (needsSixth) {
    const note = 'For programs that listen on ::1; an engine whose host has no IPv6 refuses it: remove it there.';
    tables.add(commented('net.ipv6.conf.all.disable_ipv6', 0, [note]));
  }
  return tables.items.length === 0 ? [] : [entry('sysctls', tables)];
}

const isLow = ({ port }: { readonly port: number }): boolean => port < 1024;

function memberService(
  { service, command, environment }: GuardedService,
  holder: string,
  containers: MachineContainers,
): YAMLMap {
  const { ceiling, services } = containers;
  const { limits } = service;
  const memory = limits.memory === undefined ? ceiling.memory : Math.max(limits.memory, LEAST_MEMORY);
  const cpus = limits.cpus ?? ceiling.cpus;
  const ready = new Set(services.filter((each) => each.healthCheck !== null).map(({ slug }) => slug));
  const after = map([holder, map(['condition', text('service_started')])]);
  for (const slug of service.after) {
    after.add(new Pair(key(slug), map(['condition', text(ready.has(slug) ? 'service_healthy' : 'service_started')])));
  }
  const variables = map();
  for (const [name, value] of environment) {
    variables.add(new Pair(key(name), typeof value === 'string' ? text(value) : interpolated([value])));
  }
  return map(
    ['image', text(service.image)],
    ['build', text(`./services/${service.slug}`)],
    ['command', words(command)],
    ...(service.user === null ? [] : [entry('user', text(service.user))]),
    ...(service.workingDirectory === null ? [] : [entry('working_dir', text(service.workingDirectory))]),
    ...(environment.length === 0 ? [] : [entry('environment', variables)]),
    ['network_mode', text(`service:${holder}`)],
    ['depends_on', after],
    ['init', true],
    ['restart', text(service.restart)],
    ...(service.stopSignal === null ? [] : [entry('stop_signal', text(service.stopSignal))]),
    ...(service.healthCheck === null ? [] : [entry('healthcheck', healthCheck(service.healthCheck))]),
    ...(memory === undefined ? [] : [entry('mem_limit', text(`${memory}b`))]),
    ...(cpus === undefined ? [] : [entry('cpus', cpus)]),
    ...(limits.tasks === undefined ? [] : [entry('pids_limit', limits.tasks)]),
    ...(limits.openFiles === undefined || limits.openFiles > MOST_OPEN_FILES
      ? []
      : [entry('ulimits', map(['nofile', limits.openFiles]))]),
    ...capabilityEntries(service),
    ...volumeEntries(containers),
  );
}

/** The same of every service: what is shared must be mounted everywhere. */
function volumeEntries({ volumes }: MachineContainers): Entry[] {
  const mounts = volumes.map(({ name, path }) =>
    map(['type', text('volume')], ['source', text(name)], ['target', text(path)]),
  );
  return mounts.length === 0 ? [] : [entry('volumes', list(mounts))];
}

function healthCheck(test: readonly string[]): YAMLMap {
  return map(
    ['test', words(test.map((word) => [word]))],
    ['interval', text('5s')],
    ['timeout', text('5s')],
    ['retries', 6],
    ['start_period', text('60s')],
  );
}

function header(machine: string, { ceiling, left, hostname }: MachineContainers): string[] {
  const parts = [
    ...(ceiling.cpus === undefined ? [] : [`${ceiling.cpus} CPUs`]),
    ...(ceiling.memory === undefined ? [] : [`${humanSize(ceiling.memory)} of memory`]),
  ];
  const byReason = new Map<string, string[]>();
  for (const { name, role, reason } of left) {
    const label = role === 'system' ? reason : `not started here: ${reason}`;
    byReason.set(label, [...(byReason.get(label) ?? []), name]);
  }
  return [
    `The machine ${machine}${hostname === null || hostname === machine ? '' : ` (${hostname})`} as containers.`,
    parts.length === 0
      ? 'Its descriptor names no CPUs and no memory, so services without a limit of their own have none.'
      : `The machine had ${parts.join(' and ')}: the ceiling of services that have no limit of their own.`,
    ...(ceiling.cpus === undefined ? [] : ['An engine refuses more CPUs than its host has: lower cpus there.']),
    ...(byReason.size === 0 ? [] : ['', 'Services of the machine without a container:']),
    ...[...byReason].sort(([a], [b]) => (a < b ? -1 : 1)).map(([reason, names]) => `  ${reason}: ${names.join(', ')}`),
  ];
}

/** Docker refuses less memory. */
const LEAST_MEMORY = 6 * 1024 * 1024;
/**
 * An engine without CAP_SYS_RESOURCE (rootless, or in a container itself) cannot give more open files than it may have
 * itself, and then does not start the container at all; by default it gives as many. So a unit's limit that is high,
 * which asks for enough rather than for few, is a comment.
 */
const MOST_OPEN_FILES = 16_384;

function limitNotes({ limits }: ContainerService): string[] {
  const { memory, openFiles } = limits;
  return [
    ...(memory === undefined || memory >= LEAST_MEMORY
      ? []
      : [`Its unit allows ${memory} bytes of memory: engines refuse less than 6 MiB.`]),
    ...(openFiles === undefined || openFiles <= MOST_OPEN_FILES
      ? []
      : [
          `Its unit allows ${openFiles} open files. Engines allow about a million, or refuse to start what asks for more than they have: add ulimits where yours allows less.`,
        ]),
  ];
}

function capabilityEntries({ capabilities }: ContainerService): Entry[] {
  if (capabilities === null) return [];
  const { add, drop } = capabilities;
  return [
    ...(drop.length === 0 ? [] : [entry('cap_drop', list(drop.map(text)))]),
    ...(add.length === 0 ? [] : [entry('cap_add', list(add.map(text)))]),
  ];
}

function capabilityNotes({ capabilities }: ContainerService): string[] {
  return capabilities === null || capabilities.withheld.length === 0
    ? []
    : [`Its unit allows ${capabilities.withheld.join(' ')}, which reach the host: cap_add what it turns out to need.`];
}
