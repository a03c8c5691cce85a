import { AppError } from '../../errors.js';
import type { Hardware } from '../../model/machine.js';
import { encrypted, excerpt } from '../failures.js';
import type { DescribedDisk, DescribedMachine } from './described-machine.js';
import { childNamed, childrenNamed, childText, type Element, invalidDescriptor, parseXml } from './xml.js';

/** https://libvirt.org/formatdomain.html: units of `<memory>`, KiB when none is given. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['bytes', 1],
  ['kb', 1e3],
  ['k', 1024],
  ['kib', 1024],
  ['mb', 1e6],
  ['m', 1024 ** 2],
  ['mib', 1024 ** 2],
  ['gb', 1e9],
  ['g', 1024 ** 3],
  ['gib', 1024 ** 3],
  ['tb', 1e12],
  ['t', 1024 ** 4],
  ['tib', 1024 ** 4],
]);
const HYPERVISORS: Readonly<Record<string, NonNullable<Hardware['hypervisor']>>> = {
  kvm: 'kvm',
  qemu: 'qemu',
  xen: 'xen',
  vmware: 'vmware',
  hyperv: 'microsoft',
  vbox: 'oracle',
};

/** Reads a libvirt domain. @throws AppError `descriptor-invalid`, `input-unsupported`, `input-encrypted`. */
export function readLibvirtDomain(bytes: Buffer, shown: string): DescribedMachine {
  const root = parseXml(bytes, shown);
  const domain = root.name === 'domain' ? root : childNamed(root, 'domain');
  if (domain === undefined) throw invalidDescriptor(shown, 'it describes no domain');
  const devices = childNamed(domain, 'devices');
  const memory = memoryOf(childNamed(domain, 'memory'));
  const cpus = Number(/^\d{1,5}$/.exec(childText(domain, 'vcpu') ?? '')?.[0] ?? 0);
  const type = domain.attributes.get('type') ?? '';
  const hypervisor = Object.hasOwn(HYPERVISORS, type) ? HYPERVISORS[type] : undefined;
  return {
    disks: childrenNamed(devices, 'disk')
      .filter((disk) => ['disk', 'lun'].includes(disk.attributes.get('device') ?? 'disk'))
      .map((disk) => diskOf(disk, shown)),
    hardware: {
      ...(cpus > 0 ? { cpus } : {}),
      ...(memory === undefined ? {} : { memory }),
      ...(hypervisor === undefined ? {} : { hypervisor }),
      networkCards: childrenNamed(devices, 'interface').length,
    },
    problems: [],
  };
}

function diskOf(disk: Element, shown: string): DescribedDisk {
  const target = excerpt(childNamed(disk, 'target')?.attributes.get('dev') ?? 'a disk');
  const type = disk.attributes.get('type') ?? 'file';
  const source = childNamed(disk, 'source');
  if (type !== 'file') {
    throw new AppError(
      'input-unsupported',
      `${shown} keeps ${target} on ${excerpt(WHERE[type] ?? type)}, not in a file`,
      {
        where: { disk: shown },
        todo: 'Copy that disk into a file where the machine lives (virsh vol-download, qemu-img convert), then name the disks, joined with +.',
      },
    );
  }
  if (childNamed(disk, 'encryption') !== undefined || childNamed(source, 'encryption') !== undefined) {
    throw encrypted(shown, `${target} has an encryption of libvirt`);
  }
  const file = source?.attributes.get('file');
  if (file === undefined || file === '') throw invalidDescriptor(shown, `${target} names no file`);
  const format = childNamed(disk, 'driver')?.attributes.get('type');
  return { file, ...(format === undefined ? {} : { format }) };
}

const WHERE: Readonly<Record<string, string>> = Object.assign(Object.create(null) as Record<string, string>, {
  block: 'a block device',
  network: 'the network',
  volume: 'a volume of a storage pool',
  dir: 'a folder',
  nvme: 'an NVMe device',
  vhostuser: 'another process',
});

function memoryOf(element: Element | undefined): number | undefined {
  const amount = Number(/^\d{1,15}$/.exec(element?.text ?? '')?.[0] ?? 0);
  const unit = UNITS.get((element?.attributes.get('unit') ?? 'KiB').toLowerCase());
  const bytes = amount * (unit ?? 0);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}
