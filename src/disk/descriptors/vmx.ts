import { AppError } from '../../errors.js';
import type { Problem } from '../../model/evidence.js';
import { encrypted, excerpt } from '../failures.js';
import type { DescribedDisk, DescribedMachine } from './described-machine.js';
import { invalidDescriptor } from './xml.js';

export const MAX_VMX_BYTES = 1024 * 1024;

/** Controllers in the order in which VMware's firmware looks for the disk to boot from. */
const CONTROLLERS = ['scsi', 'nvme', 'sata', 'ide'];
const MIB = 1024 * 1024;

/** Reads a VMware configuration file. @throws AppError `descriptor-invalid`, `input-encrypted`, `input-unsupported`. */
export function readVmx(bytes: Buffer, shown: string): DescribedMachine {
  if (bytes.length > MAX_VMX_BYTES) throw invalidDescriptor(shown, `it has ${bytes.length} bytes`);
  const values = parseVmx(bytes);
  const secretKey = [...values.keys()].find((key) => key.startsWith('encryption.'));
  if (secretKey !== undefined) throw encrypted(shown, `its configuration has ${excerpt(secretKey)}`);
  const cpus = positive(values.get('numvcpus')) ?? 1;
  const memory = positive(values.get('memsize'));
  return {
    disks: disksOf(values, shown),
    hardware: {
      cpus,
      ...(memory === undefined ? {} : { memory: memory * MIB }),
      hypervisor: 'vmware',
      networkCards: [...values].filter(([key, value]) => /^ethernet\d{1,2}\.present$/.test(key) && isTrue(value))
        .length,
    },
    problems: suspended(values, shown),
  };
}

/** `key = "value"`, one a line; `|22` stands for the character of that hexadecimal number. Keys are without case. */
function parseVmx(bytes: Buffer): Map<string, string> {
  const encoding = /^\.encoding[ \t]*=[ \t]*"([\w.:-]{1,40})"/m.exec(bytes.toString('latin1', 0, 4096))?.[1];
  const values = new Map<string, string>();
  for (const line of decodeText(bytes, encoding).split('\n')) {
    const match = /^[ \t]*([\w.:-]{1,200})[ \t]*=[ \t]*"([^"\n]*)"/.exec(line.slice(0, 65536));
    if (match !== null) {
      values.set(
        match[1]!.toLowerCase(),
        match[2]!.replace(/\|([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      );
    }
  }
  return values;
}

function decodeText(bytes: Buffer, encoding: string | undefined): string {
  try {
    return new TextDecoder(encoding ?? 'utf-8').decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

function disksOf(values: ReadonlyMap<string, string>, shown: string): DescribedDisk[] {
  const slots: { name: string; rank: number[]; file: string }[] = [];
  for (const [key, file] of values) {
    const match = /^(scsi|nvme|sata|ide)(\d{1,3}):(\d{1,3})\.filename$/.exec(key);
    if (match === null) continue;
    const slot = key.slice(0, -'.filename'.length);
    if (!isTrue(values.get(`${slot}.present`) ?? 'TRUE')) continue;
    const type = (values.get(`${slot}.devicetype`) ?? '').toLowerCase();
    if (/cdrom|atapi|floppy/.test(type) || /\.iso$/i.test(file) || file === 'auto detect' || file === '') continue;
    if (/raw|passthru/.test(type)) throw rawMapping(shown, slot, file);
    slots.push({ name: slot, rank: [CONTROLLERS.indexOf(match[1]!), Number(match[2]), Number(match[3])], file });
  }
  const bootOrder = (values.get('bios.hddorder') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const bootRank = (name: string): number => (bootOrder.includes(name) ? bootOrder.indexOf(name) : bootOrder.length);
  slots.sort(
    (a, b) =>
      bootRank(a.name) - bootRank(b.name) ||
      a.rank[0]! - b.rank[0]! ||
      a.rank[1]! - b.rank[1]! ||
      a.rank[2]! - b.rank[2]!,
  );
  return slots.map(({ file }) => ({ file }));
}

function suspended(values: ReadonlyMap<string, string>, shown: string): Problem[] {
  const state = values.get('checkpoint.vmstate') ?? '';
  if (state === '') return [];
  return [
    {
      code: 'machine-suspended',
      path: shown,
      reason: `the machine is suspended (${excerpt(state)}): what it had not written yet is in its memory image, not on the disk`,
    },
  ];
}

function rawMapping(shown: string, slot: string, file: string): AppError {
  return new AppError(
    'input-unsupported',
    `${shown} maps a raw device at ${slot} (${excerpt(file)}): its data is not in a file`,
    {
      where: { disk: shown },
      todo: 'Clone the device into a file where the machine lives (vmkfstools -i), then name the disks, joined with +.',
    },
  );
}

function isTrue(value: string): boolean {
  return /^(?:true|1|yes)$/i.test(value);
}

function positive(text: string | undefined): number | undefined {
  const number = /^\d{1,9}$/.test(text ?? '') ? Number(text) : 0;
  return number > 0 ? number : undefined;
}
