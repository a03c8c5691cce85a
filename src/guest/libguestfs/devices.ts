import { arrayName, arrayNames, compareVolumes, diskDevice, type Volume } from '../volumes.js';

/** A block device as lsblk(8) shows it, with its name in the appliance's kernel, which is safe to put into a command. */
export interface Device extends Volume {
  readonly kernelName: string;
}

type Fields = ReadonlyMap<string, string>;

const MAX_DEVICES = 4096;

/**
 * The devices of the machine out of `lsblk --pairs`; the appliance's own disk and what only carries a partition table
 * are left out. The kernel gives letters to disks in any order; here they follow the order of the machine, as they do in
 * the calls of libguestfs.
 */
export function parseDevices(output: string): Device[] {
  const rows = output.split('\n', MAX_DEVICES).map(parsePairs);
  const letters = diskNames(rows);
  const arrays = arraysOf(rows, letters);
  const devices: Device[] = [];
  for (const fields of rows) {
    const name = fields.get('NAME');
    if (name === undefined || fields.get('MOUNTPOINT') === '/') continue;
    const type = fields.get('FSTYPE') ?? '';
    if (type === '' && fields.get('PTTYPE') !== '' && fields.get('TYPE') === 'disk') continue;
    if (devices.some((known) => known.kernelName === fields.get('KNAME'))) continue;
    const array = /^(\/dev\/md\d+)(p\d+)?$/.exec(name);
    const known = arrays.get(array?.[1] ?? '');
    const device = toDevice(inOrder(name, letters), type, fields);
    if (array === null || known === undefined) devices.push(device);
    else if (array[2] !== undefined) devices.push({ ...device, device: `${known.device}${array[2]}` });
    else devices.push({ ...device, ...known });
  }
  return devices;
}

/** Name of each md array in this kernel → its names in the order of the machine. A row follows the one it lies on. */
function arraysOf(rows: readonly Fields[], letters: ReadonlyMap<string, string>): Map<string, ArrayNames> {
  const arrays = new Map<string, { name: string; members: { device: string }[]; label: string }>();
  let member: { device: string; label: string } | undefined;
  for (const fields of rows) {
    const name = fields.get('NAME') ?? '';
    if (fields.get('FSTYPE') === 'linux_raid_member')
      member = { device: inOrder(name, letters), label: fields.get('LABEL') ?? '' };
    else if (/^\/dev\/md\d+$/.test(name) && member !== undefined) {
      const known = arrays.get(name) ?? { name, members: [], label: member.label };
      arrays.set(name, { ...known, members: [...known.members, member].sort(compareVolumes) });
    }
  }
  const sorted = [...arrays.values()].sort((a, b) => compareVolumes(a.members[0]!, b.members[0]!));
  const names = arrayNames(
    sorted.map(({ name, label }) =>
      label === '' ? { minor: Number(name.replace('/dev/md', '')) } : { name: arrayName(label) },
    ),
  );
  return new Map(sorted.map(({ name }, index) => [name, names[index]!]));
}

type ArrayNames = ReturnType<typeof arrayNames>[number];

/** Name in the kernel → name by the place on the bus (`HOST:CHANNEL:TARGET:LUN`), where the disks are in order. */
function diskNames(rows: readonly Fields[]): Map<string, string> {
  const place = (fields: Fields): number => {
    const [, , target, lun] = (fields.get('HCTL') ?? '').split(':').map(Number);
    return (target ?? 0) * 65536 + (lun ?? 0);
  };
  const disks = rows
    .filter((fields) => fields.get('TYPE') === 'disk' && fields.get('MOUNTPOINT') !== '/')
    .filter((fields) => /^\/dev\/sd[a-z]+$/.test(fields.get('NAME') ?? ''))
    .sort((a, b) => place(a) - place(b));
  return new Map(disks.map((fields, index) => [fields.get('NAME')!, diskDevice(index)]));
}

function inOrder(name: string, letters: ReadonlyMap<string, string>): string {
  const match = /^(\/dev\/sd[a-z]+)(\d*)$/.exec(name);
  const disk = letters.get(match?.[1] ?? '');
  return match === null || disk === undefined ? name : `${disk}${match[2]}`;
}

function toDevice(name: string, type: string, fields: Fields): Device {
  const isLogical = fields.get('TYPE') === 'lvm';
  const optional = (key: string, field: string): Record<string, string> => {
    const value = fields.get(field) ?? '';
    return value === '' ? {} : { [key]: value };
  };
  return {
    device: isLogical ? logicalName(name) : name,
    ...(isLogical ? { aliases: [name] } : {}),
    kernelName: fields.get('KNAME') ?? name,
    type: type === '' ? 'unknown' : type,
    ...optional('uuid', 'UUID'),
    ...optional('label', 'LABEL'),
    ...optional('partUuid', 'PARTUUID'),
    ...optional('partLabel', 'PARTLABEL'),
    size: Number(fields.get('SIZE') ?? 0),
  };
}

/** `KEY="value"`, where lsblk writes quotes, backslashes and odd bytes of a value as `\xNN`. */
function parsePairs(line: string): Fields {
  const fields = new Map<string, string>();
  for (const match of line.matchAll(/([A-Z]+)="([^"]*)"/g)) {
    fields.set(match[1]!, unescapeHex(match[2]!));
  }
  return fields;
}

/** Escaped bytes and plain UTF-8 may stand side by side. */
function unescapeHex(value: string): string {
  const parts = value.split(/\\x([0-9a-f]{2})/i);
  const bytes = parts.map((part, at) => (at % 2 === 0 ? Buffer.from(part) : Buffer.from([Number.parseInt(part, 16)])));
  return Buffer.concat(bytes).toString('utf8');
}

/** `/dev/mapper/my--group-root` is `/dev/my-group/root`; a dash of a name is doubled (lvm(8), VALID NAMES). */
function logicalName(mapperName: string): string {
  const match = /^\/dev\/mapper\/((?:[^-]|--)+)-((?:[^-]|--)+)$/.exec(mapperName.slice(0, 512));
  return match === null ? mapperName : `/dev/${match[1]!.replaceAll('--', '-')}/${match[2]!.replaceAll('--', '-')}`;
}
