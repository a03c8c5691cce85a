import type { ContainerService, MachineContainers, RuntimeFacts } from '../../model/containers.js';
import type { Problem } from '../../model/evidence.js';
import type { InspectedMachine } from '../../model/inspected.js';
import { comparePaths, parentPath } from '../../model/path.js';
import type { Service } from '../../model/services.js';
import { ambientNames, containerCapabilities } from './capabilities.js';
import { dynamicUsers } from './dynamic-users.js';

import { runtimeFolders, unitFolders, type WantedFolder } from './folders.js';
import { type Foreground, foregroundForm } from './foreground/index.js';
import { healthCheck } from './health-check.js';
import { type Identity, identify, isRootUser } from './identity.js';
import { type ImageFiles, imageFiles } from './image-files.js';
import { uniqueName } from './names.js';
import { startOrder } from './order.js';
import { launch } from './preparation.js';
import { isSignal } from './signals.js';
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

/** The machine as containers: one for each application service that a boot would start (design §9). */
export function planContainers(machine: InspectedMachine, options: ContainerOptions): MachineContainers {
  const image = imageFiles(machine.files);
  const problems: Problem[] = [];
  const forms = new Map(machine.services.map((service) => [service.name, foregroundForm(service, image)]));
  const accounts = dynamicUsers(machine.services, image, machine.runtime?.users ?? null);
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
    const drafted =
      reason === null ? draft(service, form, { runtime: machine.runtime, image, accounts, problems }) : { reason };
    if (!('reason' in drafted)) drafts.push(drafted);
    else if (service.enabled || service.role === 'application') {
      left.push({ name: service.name, role: service.role, reason: drafted.reason });
    }
  }
  const running = drafts.map(({ service }) => service);
  const folders = runtimeFolders(wantedFolders(machine, drafts, image), image, machine.runtime?.users ?? null);
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
  /** Whose the program and its folders are. */
  readonly identity: Identity;
  readonly container: Omit<ContainerService, 'slug' | 'image' | 'after' | 'healthCheck'>;
}

function reasonAgainst(service: Service, form: Foreground, include: readonly string[]): string | null {
  const isAsked = include.includes(service.name) || include.includes(service.name.replace(/\.service$/, ''));
  if (service.role === 'system' && !isAsked) return service.reason;
  if (!service.enabled && !isAsked) return 'a boot does not start it';
  return form.command === null ? form.reason! : null;
}

interface DraftContext {
  readonly runtime: RuntimeFacts | undefined;
  readonly image: ImageFiles;
  /** Numbers of dynamic users by name. */
  readonly accounts: ReadonlyMap<string, number>;
  readonly problems: Problem[];
}

function draft(service: Service, form: Foreground, context: DraftContext): Draft | { reason: string } {
  const { image, problems } = context;
  const where = service.evidence[0]?.path ?? '/';
  const known = identify(service, form.user ?? null, context);
  if ('reason' in known) return known;
  const { identity, dockerUser } = known;
  const environment: [string, string][] = Object.entries({
    ...(service.dynamicUser === true ? { HOME: '/', LOGNAME: service.user, USER: service.user } : {}),
    ...service.environment,
    ...form.environment,
  });
  const plain: [string, string][] = [];
  const odd: [string, string][] = [];
  for (const [name, value] of environment.sort(byName)) {
    if (!VARIABLE.test(name) || !isWritable(value)) {
      problems.push({
        code: 'variable-left-out',
        path: where,
        reason: `${service.name}: no image can hold a variable of its environment`,
      });
    } else if (/[\x01-\x1f\x7f-\x9f\u2028\u2029]/.test(value)) odd.push([name, value]);
    else plain.push([name, value]);
  }
  const ambient = service.privileges === undefined || isRootUser(identity.user) ? [] : ambientNames(service.privileges);
  const launched = launch(
    {
      prepare: service.prepare,
      command: form.command!,
      identity,
      dockerUser,
      environment: plain,
      oddVariables: odd,
      ambient,
    },
    image,
  );
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
  const isUnprivileged = !isRootUser(identity.user);
  return {
    service,
    form,
    identity,
    container: {
      service: service.name,
      description: service.description,
      command: launched.command,
      ...(launched.scriptWord === undefined ? {} : { scriptWord: launched.scriptWord }),
      user: launched.user,
      workingDirectory: keepsFolder ? folder : null,
      environment: [...plain, ...launched.variables].sort(byName),
      ports: service.ports,
      stopSignal: stopSignal(service, form),
      restart: form.isActivated === true ? 'always' : service.type === 'oneshot' ? 'no' : service.restart,
      limits: service.limits,
      capabilities:
        service.privileges === undefined
          ? null
          : containerCapabilities(service.privileges, launched.user === null && isUnprivileged),
      isUnprivileged,
    },
  };
}

/** The unit's own, or else what ends the program soon. */
function stopSignal(service: Service, form: Foreground): string | null {
  const own = service.stopSignal?.trim().toUpperCase() ?? '';
  return isSignal(own) ? own : (form.stopSignal ?? null);
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
function wantedFolders(machine: InspectedMachine, drafts: readonly Draft[], image: ImageFiles): WantedFolder[] {
  const ownedBy = ({ user, group }: Identity): { owner: string; group: string } => ({ owner: user, group });
  return [
    ...drafts.flatMap(({ service, identity }) => unitFolders(service, identity, image)),
    ...(machine.runtime?.folders ?? []),
    ...drafts.flatMap(({ form }) => form.folders),
    ...drafts.flatMap(({ service, identity }) =>
      service.listens
        .filter((path) => path.startsWith('/'))
        .map((path) => ({ path: parentPath(path), mode: 0o755, ...ownedBy(identity) })),
    ),
    ...drafts.flatMap(({ form, identity }) =>
      volatileArguments(form.command ?? []).map((path) => ({
        path: parentPath(path),
        mode: 0o755,
        ...ownedBy(ownChange(form.command ?? [], machine.runtime) ?? identity),
      })),
    ),
  ];
}

/** Files below /run that a command names (pid files, sockets): a script would have made their folders. */
function volatileArguments(command: readonly string[]): string[] {
  return command.flatMap((word) => /(?:^|=)((?:\/var)?\/run\/[\w./-]{1,200})$/.exec(word.slice(0, 300))?.[1] ?? []);
}

/** The account that a program started by root changes to itself, as it is told: its pid file is that account's to write. */
function ownChange(command: readonly string[], runtime: RuntimeFacts | undefined): Identity | null {
  for (const [index, word] of command.entries()) {
    const user =
      /^--(?:user|uid|username)=(.+)$/.exec(word)?.[1] ??
      (/^(?:-u|--user|--username)$/.test(word) ? command[index + 1] : undefined);
    const group = user === undefined ? undefined : runtime?.users.get(user)?.group;
    if (user !== undefined && group !== undefined) return { user, group, isAccount: true };
  }
  return null;
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
