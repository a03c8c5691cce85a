import type { Problem } from '../../model/evidence.js';
import type { Hardware } from '../../model/machine.js';
import { excerpt, unsupported } from '../failures.js';
import type { DescribedDisk, DescribedMachine } from './described-machine.js';
import { childNamed, childrenNamed, childText, type Element, invalidDescriptor, parseXml } from './xml.js';

/** DMTF DSP0243, Open Virtualization Format 1.1; resource types of CIM_ResourceAllocationSettingData. */
const RESOURCE = { cpu: 3, memory: 4, network: 10, disk: 17 } as const;

/** Reads an OVF envelope with one machine. @throws AppError `descriptor-invalid`, `input-unsupported`. */
export function readOvf(bytes: Buffer, shown: string): DescribedMachine {
  const envelope = parseXml(bytes, shown);
  if (envelope.name !== 'Envelope') throw invalidDescriptor(shown, 'it is no OVF envelope');
  const system = onlySystem(envelope, shown);
  const sections = childrenNamed(system, 'VirtualHardwareSection');
  const items = sections
    .slice(0, 1)
    .flatMap((section) => section.children.filter((child) => /^(?:Storage|EthernetPort)?Item$/.test(child.name)));
  const problems: Problem[] = [];
  return {
    disks: disksOf(envelope, items, shown, problems),
    hardware: hardwareOf(items, childText(childNamed(sections[0], 'System'), 'VirtualSystemType') ?? ''),
    problems,
  };
}

function onlySystem(envelope: Element, shown: string): Element | undefined {
  const systems = [envelope, ...childrenNamed(envelope, 'VirtualSystemCollection')].flatMap((element) =>
    childrenNamed(element, 'VirtualSystem'),
  );
  if (systems.length > 1) {
    const names = systems.slice(0, 5).map((system) => excerpt(system.attributes.get('id') ?? '?'));
    throw unsupported(
      shown,
      `it holds ${systems.length} machines (${names.join(', ')})`,
      'Export each machine on its own, or unpack it and name the disks of one machine, joined with +.',
    );
  }
  return systems[0];
}

function disksOf(envelope: Element, items: readonly Element[], shown: string, problems: Problem[]): DescribedDisk[] {
  const files = new Map(
    childrenNamed(childNamed(envelope, 'References'), 'File').map((file) => [file.attributes.get('id') ?? '', file]),
  );
  const disks = new Map(
    childrenNamed(childNamed(envelope, 'DiskSection'), 'Disk').map((disk) => [
      disk.attributes.get('diskId') ?? '',
      disk,
    ]),
  );
  const found: DescribedDisk[] = [];
  for (const reference of referencesInOrder(items, disks)) {
    const disk = reference.kind === 'disk' ? disks.get(reference.id) : undefined;
    if (reference.kind === 'disk' && disk === undefined)
      throw invalidDescriptor(shown, `its hardware has the disk ${excerpt(reference.id)}, which it does not describe`);
    if (disk?.attributes.has('parentRef'))
      throw unsupported(shown, 'one of its disks is a snapshot of another', 'Export the machine without snapshots.');
    const fileId = disk === undefined ? reference.id : disk.attributes.get('fileRef');
    if (fileId === undefined) {
      problems.push({
        code: 'disk-blank',
        path: shown,
        reason: `the disk ${excerpt(reference.id)} has no file: it was empty when the machine was exported`,
      });
      continue;
    }
    const file = files.get(fileId);
    const href = file?.attributes.get('href');
    if (file === undefined || href === undefined || href === '')
      throw invalidDescriptor(shown, `the disk ${excerpt(reference.id)} refers to the unknown file ${excerpt(fileId)}`);
    found.push(describe(href, file, disk, shown));
  }
  return found;
}

function describe(href: string, file: Element, disk: Element | undefined, shown: string): DescribedDisk {
  if (file.attributes.has('chunkSize'))
    throw unsupported(
      shown,
      `${excerpt(href)} is split into chunks`,
      'Join them (cat FILE.* > FILE), remove ovf:chunkSize from the descriptor, and name that.',
    );
  const compression = file.attributes.get('compression') ?? 'identity';
  if (compression !== 'identity' && compression !== '' && compression !== 'gzip')
    throw unsupported(
      shown,
      `${excerpt(href)} is packed with ${excerpt(compression)}`,
      'Unpack it, remove ovf:compression from the descriptor, and name that.',
    );
  const units = unitOf(disk?.attributes.get('capacityAllocationUnits') ?? 'byte');
  const capacity = Number(/^\d{1,15}$/.exec(disk?.attributes.get('capacity') ?? '')?.[0] ?? 0) * (units ?? 0);
  return {
    file: href,
    ...(compression === 'gzip' ? { compression } : {}),
    ...(capacity > 0 && Number.isSafeInteger(capacity) ? { capacity } : {}),
  };
}

/** Order of the machine's hardware: controllers as they are listed, then the address on each; else as disks are listed. */
function referencesInOrder(
  items: readonly Element[],
  disks: ReadonlyMap<string, Element>,
): { kind: 'disk' | 'file'; id: string }[] {
  const controllers = new Map(items.map((item, index) => [childText(item, 'InstanceID') ?? '', index]));
  const slots = items
    .filter((item) => resourceType(item) === RESOURCE.disk)
    .map((item, index) => ({
      reference: /^(?:ovf:)?\/(disk|file)\/(.+)$/.exec(childText(item, 'HostResource') ?? ''),
      rank: [
        controllers.get(childText(item, 'Parent') ?? '') ?? items.length,
        Number(/^\d{1,9}$/.exec(childText(item, 'AddressOnParent') ?? '')?.[0] ?? 0),
        index,
      ],
    }))
    .filter((slot) => slot.reference !== null)
    .sort((a, b) => a.rank[0]! - b.rank[0]! || a.rank[1]! - b.rank[1]! || a.rank[2]! - b.rank[2]!);
  if (slots.length === 0) return [...disks.keys()].map((id) => ({ kind: 'disk', id }));
  return slots.map((slot) => ({ kind: slot.reference![1] as 'disk' | 'file', id: slot.reference![2]! }));
}

function hardwareOf(items: readonly Element[], systemType: string): Hardware {
  const amount = (item: Element): number =>
    Number(/^\d{1,12}$/.exec(childText(item, 'VirtualQuantity') ?? '')?.[0] ?? 0);
  const cpus = items.filter((item) => resourceType(item) === RESOURCE.cpu).reduce((sum, item) => sum + amount(item), 0);
  const memory = items
    .filter((item) => resourceType(item) === RESOURCE.memory)
    .reduce((sum, item) => sum + amount(item) * (unitOf(childText(item, 'AllocationUnits') ?? 'byte * 2^20') ?? 0), 0);
  const hypervisor = /^vmx-/i.test(systemType) ? 'vmware' : /^virtualbox/i.test(systemType) ? 'oracle' : undefined;
  return {
    ...(cpus > 0 ? { cpus } : {}),
    ...(memory > 0 && Number.isSafeInteger(memory) ? { memory } : {}),
    ...(hypervisor === undefined ? {} : { hypervisor }),
    networkCards: items.filter((item) => resourceType(item) === RESOURCE.network).length,
  };
}

function resourceType(item: Element): number {
  return Number(childText(item, 'ResourceType') ?? 0);
}

/** Programmatic units (`byte * 2^20`, DSP0004 annex C) and the words that older exporters write. */
function unitOf(text: string): number | undefined {
  const plain = text.toLowerCase().replace(/\s+/g, '');
  const power = /^bytes?\*(2|10)\^(\d{1,2})$/.exec(plain);
  if (power !== null) return Number(power[1]) ** Number(power[2]);
  const factor = /^bytes?\*(\d{1,12})$/.exec(plain);
  if (factor !== null) return Number(factor[1]);
  const words: ReadonlyMap<string, number> = new Map([
    ['byte', 1],
    ['bytes', 1],
    ['kilobytes', 1024],
    ['megabytes', 1024 ** 2],
    ['gigabytes', 1024 ** 3],
    ['terabytes', 1024 ** 4],
    ['kb', 1024],
    ['mb', 1024 ** 2],
    ['gb', 1024 ** 3],
  ]);
  return words.get(plain);
}
