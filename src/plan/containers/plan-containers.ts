import type { ContainerService, MachineContainers, RuntimeFolder } from '../../model/containers.js';
import type { Problem } from '../../model/evidence.js';
import type { InspectedMachine } from '../../model/inspected.js';
import { comparePaths, parentPath } from '../../model/path.js';
import type { Service } from '../../model/services.js';
import { runtimeFolders } from './folders.js';
import { type Foreground, foregroundForm } from './foreground/index.js';
import { healthCheck } from './health-check.js';
import { type ImageFiles, imageFiles } from './image-files.js';
import { uniqueName } from './names.js';
import { startOrder } from './order.js';
import { launch } from './preparation.js';
import { sharedVolumes } from './volumes.js';
import { isWritable, unwritable } from './writable.js';

export interface ContainerOptions {
  /** The machine's image, and the names of images that others have: `vm2docker/web-nginx` may be a machine's. */
  readonly image: string;
  readonly takenImages: Set<string>;
  /** System services that are made into containers all the same, by name. */
  readonly include: readonly string[];
}

/** Environment names that a Dockerfile and a shell both take (POSIX.1-2017, 8.1). */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,200}$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
const SIGNAL = /^(?:SIG)?[A-Z0-9+-]{1,12}$/;

/** The machine as containers: one for each application service that a boot would start (design §9). */
export function planContainers(machine: InspectedMachine, options: ContainerOptions): MachineContainers {
  const image = imageFiles(machine.files);
  const problems: Problem[] = [];
  const forms = new Map(machine.services.map((service) => [service.name, foregroundForm(service)]));
  const drafts: Draft[] = [];
  const left: { name: string; role: Service['role']; reason: string }[] = [];
  const commands = new Map<string, Service['container']>();
  for (const service of machine.services) {
    const form = forms.get(service.name)!;
    commands.set(service.name, {
      command: form.command,
      ...(form.reason === undefined ? {} : { reason: form.reason }),
    });
    const reason = reasonAgainst(service, form, options.include);
    const drafted = reason === null ? draft(service, form, machine, image, problems) : { reason };
    if (!('reason' in drafted)) drafts.push(drafted);
    else if (service.enabled || service.role === 'application') {
      left.push({ name: service.name, role: service.role, reason: drafted.reason });
    }
  }
  const running = drafts.map(({ service }) => service);
  const folders = runtimeFolders(wantedFolders(machine, drafts), image, machine.runtime?.users ?? null);
  const shared = sharedVolumes(
    machine.files.dataDirectories,
    drafts.map(({ service, form }) => ({ service, data: form.data })),
    folders,
    image,
  );
  const wait = waiting(image);
  const base = `${options.image}-`;
  options.takenImages.add(`${base}net`);
  return {
    holder:
      drafts.length === 0 || wait === null
        ? null
        : { name: `${machine.source.slug}-net`, image: `${base}net`, command: wait },
    services: wait === null ? [] : finished(drafts, base, options.takenImages, image),
    volumes: drafts.length === 0 ? [] : shared.volumes,
    folders,
    left: [
      ...left,
      ...(wait === null
        ? running.map(({ name, role }) => ({ name, role, reason: 'the image has no program that could wait for it' }))
        : []),
    ].sort((a, b) => comparePaths(a.name, b.name)),
    hostname: machine.runtime?.hostname ?? null,
    hosts: machine.runtime?.hosts ?? [],
    ceiling: {
      ...(machine.source.hardware.cpus === undefined ? {} : { cpus: machine.source.hardware.cpus }),
      ...(machine.source.hardware.memory === undefined ? {} : { memory: machine.source.hardware.memory }),
    },
    commands,
    problems: [...problems, ...(drafts.length === 0 ? [] : shared.problems)],
  };
}

interface Draft {
  readonly service: Service;
  readonly form: Foreground;
  readonly container: Omit<ContainerService, 'slug' | 'image' | 'after' | 'healthCheck'>;
}

function reasonAgainst(service: Service, form: Foreground, include: readonly string[]): string | null {
  const isAsked = include.includes(service.name) || include.includes(service.name.replace(/\.service$/, ''));
  if (service.role === 'system' && !isAsked) return service.reason;
  if (!service.enabled && !isAsked) return 'a boot does not start it';
  return form.command === null ? form.reason! : null;
}

function draft(
  service: Service,
  form: Foreground,
  machine: InspectedMachine,
  image: ImageFiles,
  problems: Problem[],
): Draft | { reason: string } {
  const user = form.user ?? service.user;
  const where = service.evidence[0]?.path ?? '/';
  if (!USER.test(user)) return { reason: 'its user has a name that no image can hold' };
  if (machine.runtime !== undefined && !machine.runtime.users.has(user) && !/^[0-9]+$/.test(user) && user !== 'root') {
    return { reason: `its user ${user} is not in /etc/passwd: the init system would make it up` };
  }
  const plain: [string, string][] = [];
  const odd: [string, string][] = [];
  for (const [name, value] of Object.entries({ ...service.environment, ...form.environment }).sort(byName)) {
    if (!VARIABLE.test(name) || !isWritable(value)) {
      problems.push({
        code: 'variable-left-out',
        path: where,
        reason: `${service.name}: no image can hold a variable of its environment`,
      });
    } else if (/[\x01-\x1f\x7f-\x9f\u2028\u2029]/.test(value)) odd.push([name, value]);
    else plain.push([name, value]);
  }
  const group = form.user !== undefined || service.group === primaryGroup(machine, user) ? null : service.group;
  const launched = launch({ service, command: form.command!, user, group, oddVariables: odd }, image);
  if ('reason' in launched) return launched;
  const reason = unwritable(launched.command);
  if (reason !== null) return { reason };
  const folder = service.workingDirectory;
  const keepsFolder = folder !== null && isWritable(folder) && !/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(folder);
  if (folder !== null && !keepsFolder) {
    problems.push({
      code: 'folder-left-out',
      path: where,
      reason: `${service.name}: no image can hold its working directory`,
    });
  }
  return {
    service,
    form,
    container: {
      service: service.name,
      description: service.description,
      command: launched.command,
      user: launched.user,
      workingDirectory: keepsFolder ? folder : null,
      environment: plain,
      ports: service.ports,
      stopSignal: service.stopSignal !== null && SIGNAL.test(service.stopSignal) ? service.stopSignal : null,
      restart: service.type === 'oneshot' ? 'no' : service.restart,
      limits: service.limits,
      capabilities: service.capabilities,
    },
  };
}

function finished(drafts: readonly Draft[], base: string, taken: Set<string>, image: ImageFiles): ContainerService[] {
  const slugs = new Map(
    drafts.map(({ service }) => [service.name, uniqueName(service.name.replace(/\.service$/, ''), taken, base)]),
  );
  const order = startOrder(
    new Map(
      drafts.map(({ service }) => [slugs.get(service.name)!, service.after.flatMap((name) => slugsOf(name, slugs))]),
    ),
  );
  return drafts
    .map(({ service, container }) => {
      const slug = slugs.get(service.name)!;
      return {
        ...container,
        slug,
        image: `${base}${slug}`,
        after: order.get(slug)!,
        healthCheck: healthCheck(service.ports, image),
      };
    })
    .sort((a, b) => comparePaths(a.slug, b.slug));
}

/** A unit that only groups its instances (Debian's `postgresql.service`) stands for all of them. */
function slugsOf(name: string, slugs: ReadonlyMap<string, string>): string[] {
  const bare = name.replace(/\.service$/, '');
  const own = slugs.get(name) ?? slugs.get(bare);
  if (own !== undefined) return [own];
  return [...slugs].filter(([other]) => other.startsWith(`${bare}@`)).map(([, slug]) => slug);
}

/** The unit's own folders first, then those of tmpfiles.d, then what a script would make, then those of sockets and pid files. */
function wantedFolders(machine: InspectedMachine, drafts: readonly Draft[]): RuntimeFolder[] {
  const group = (service: Service): string => service.group ?? primaryGroup(machine, service.user) ?? service.user;
  return [
    ...drafts.flatMap(({ service }) =>
      service.directories.map(({ path, mode }) => ({ path, mode, owner: service.user, group: group(service) })),
    ),
    ...(machine.runtime?.folders ?? []),
    ...drafts.flatMap(({ form }) => form.folders),
    ...drafts.flatMap(({ service, form }) =>
      [...service.listens, ...volatileArguments(form.command ?? [])]
        .filter((path) => path.startsWith('/'))
        .map((path) => ({ path: parentPath(path), mode: 0o755, owner: service.user, group: group(service) })),
    ),
  ];
}

/** Files below /run that a command names (pid files, sockets): a script would have made their folders. */
function volatileArguments(command: readonly string[]): string[] {
  return command.flatMap((word) => /(?:^|=)((?:\/var)?\/run\/[\w./-]{1,200})$/.exec(word.slice(0, 300))?.[1] ?? []);
}

function primaryGroup(machine: InspectedMachine, user: string): string | null {
  return machine.runtime?.users.get(user)?.group ?? null;
}

function waiting(image: ImageFiles): readonly string[] | null {
  const tail = image.program('tail');
  if (tail !== null) return [tail, '-f', '/dev/null'];
  const sleep = image.program('sleep');
  return sleep === null ? null : [sleep, '2147483647'];
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return comparePaths(a, b);
}
