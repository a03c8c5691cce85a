import { AppError } from '../../errors.js';
import { corrupt, encrypted, excerpt, truncated, unsupported } from '../failures.js';

/**
 * The text part of a VMDK: VMware, "Virtual Disk Format 5.0". It stands in a file of its own or inside a sparse extent.
 * Every line is understood or the descriptor is refused, because readers that skip lines disagree about what a disk is.
 */
export interface VmdkDescriptor {
  readonly contentId: number;
  /** Null for a disk without a parent. */
  readonly parentContentId: number | null;
  readonly parentHint?: string;
  readonly createType: string;
  readonly extents: readonly VmdkExtentLine[];
  /** Whether lines of the disk database follow the extents, as they do in whole descriptors. */
  readonly hasDatabase: boolean;
}

export interface VmdkExtentLine {
  readonly sectors: number;
  readonly type: 'FLAT' | 'VMFS' | 'SPARSE' | 'VMFSSPARSE' | 'SESPARSE';
  readonly file: string;
  /** First sector of the extent's file that belongs to it; 0 but for flat extents. */
  readonly start: number;
}

export const MAX_DESCRIPTOR_BYTES = 1024 * 1024;
const MAX_LINE = 4096;
const NO_PARENT = 0xffffffff;
const MAX_SECTORS = 2 ** 40;
const EXTENT_TYPES: readonly string[] = ['FLAT', 'VMFS', 'SPARSE', 'VMFSSPARSE', 'SESPARSE'];
const DEVICE_CREATE_TYPES =
  /^(?:fullDevice|partitionedDevice|vmfsRaw|vmfsRawDeviceMap|vmfsPassthroughRawDeviceMap|vmfsRDMP?)$/i;

/** Whether the bytes are the beginning of a descriptor: comments and blank lines, then `version=`. */
export function isVmdkDescriptor(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, 4096);
  return (
    /^\ufeff?#[ \t]*Disk DescriptorFile/i.test(text) ||
    /^(?:[ \t]*(?:#[^\n]{0,500})?\r?\n){0,50}[ \t]*version[ \t]*=[ \t]*\d/.test(text)
  );
}

/** @throws AppError `input-corrupt`, `input-truncated`, `input-unsupported`, `input-encrypted`. */
export function parseVmdkDescriptor(bytes: Buffer, shown: string): VmdkDescriptor {
  const values = new Map<string, string>();
  const extents: VmdkExtentLine[] = [];
  let hasDatabase = false;
  const lines = decode(bytes).split('\n');
  for (const [index, rawLine] of lines.entries()) {
    const line = rawLine.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.length > MAX_LINE)
      throw corrupt(shown, `line ${index + 1} of its descriptor has ${line.length} characters`);
    const pair = /^([A-Za-z][\w.:-]*)\s*=\s*(.*)$/.exec(line);
    if (pair !== null) {
      const key = pair[1]!.toLowerCase();
      if (key.startsWith('ddb.')) hasDatabase = true;
      if (!values.has(key)) values.set(key, unquote(pair[2]!, shown, index + 1));
      continue;
    }
    extents.push(extentLine(line, shown, index + 1, index === lines.length - 1));
  }
  refuseEncrypted(values, shown);
  const createType = values.get('createtype');
  if (createType === undefined)
    throw truncated(shown, 'its descriptor does not say what type of disk it is (createType)');
  if (DEVICE_CREATE_TYPES.test(createType)) throw rawDevice(shown, createType);
  const contentId = hexNumber(values.get('cid'), shown, 'CID');
  const parent = values.has('parentcid') ? hexNumber(values.get('parentcid'), shown, 'parentCID') : NO_PARENT;
  const parentHint = values.get('parentfilenamehint');
  return {
    contentId,
    parentContentId: parent === NO_PARENT ? null : parent,
    ...(parentHint === undefined ? {} : { parentHint }),
    createType,
    extents,
    hasDatabase,
  };
}

/** VMware says in which code page it wrote names; on this host they are UTF-8. */
function decode(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const content = end === -1 ? bytes : bytes.subarray(0, end);
  const encoding = /^\s*encoding\s*=\s*"([\w.:-]{1,40})"/im.exec(content.toString('latin1', 0, 4096))?.[1];
  try {
    return new TextDecoder(encoding ?? 'utf-8').decode(content);
  } catch {
    return content.toString('utf8');
  }
}

function unquote(text: string, shown: string, line: number): string {
  if (!text.startsWith('"')) return text;
  const end = text.indexOf('"', 1);
  if (end === -1) throw truncated(shown, `line ${line} of its descriptor ends inside of a quoted value`);
  return text.slice(1, end);
}

function extentLine(line: string, shown: string, number: number, isLast: boolean): VmdkExtentLine {
  const match = /^(RW|RDONLY|NOACCESS)\s+(\d{1,16})\s+([A-Z]{1,12})(?:\s+"([^"]*)"(?:\s+(\d{1,16}))?(\s.*)?)?$/.exec(
    line,
  );
  if (match === null) {
    if (isLast) throw truncated(shown, `the last line of its descriptor is incomplete: ${excerpt(line)}`);
    throw corrupt(shown, `line ${number} of its descriptor is no extent and no setting: ${excerpt(line)}`);
  }
  const [, access, sectorText, type, file, startText, rest] = match;
  if (/RDM|RAW/.test(type!) || /^(?:\\\\[.?]\\|\/dev\/|\/vmfs\/devices\/)/.test(file ?? ''))
    throw rawDevice(shown, excerpt(file ?? type!));
  if (access === 'NOACCESS' || !EXTENT_TYPES.includes(type!)) {
    throw unsupported(
      shown,
      `line ${number} of its descriptor is an extent that is not read (${access} ${type})`,
      'Export the machine as OVA, or clone the disk with vmkfstools -i or vmware-vdiskmanager -r, then name the result.',
    );
  }
  if (file === undefined) throw corrupt(shown, `line ${number} of its descriptor names no file`);
  if (rest !== undefined && rest.trim() !== '')
    throw corrupt(shown, `line ${number} of its descriptor goes on after the extent: ${excerpt(rest.trim())}`);
  const sectors = Number(sectorText);
  const start = Number(startText ?? 0);
  if (sectors === 0 || sectors > MAX_SECTORS || start > MAX_SECTORS)
    throw corrupt(shown, `line ${number} of its descriptor has an impossible size`);
  return { sectors, type: type as VmdkExtentLine['type'], file, start };
}

function hexNumber(text: string | undefined, shown: string, name: string): number {
  if (text === undefined) throw truncated(shown, `its descriptor has no ${name}`);
  if (!/^(?:0x)?[0-9a-f]{1,8}$/i.test(text)) throw corrupt(shown, `its descriptor has the ${name} ${excerpt(text)}`);
  return Number.parseInt(text, 16);
}

function refuseEncrypted(values: ReadonlyMap<string, string>, shown: string): void {
  for (const [key, value] of values) {
    const isKey = /^(?:ddb\.)?(?:encryption|cryptokey)/.test(key);
    const isFilter = key === 'ddb.iofilters' && /crypt/i.test(value);
    if (isKey || isFilter) throw encrypted(shown, `its descriptor has ${excerpt(key)}`);
  }
}

function rawDevice(shown: string, what: string): AppError {
  return new AppError(
    'input-unsupported',
    `${shown} is a raw device mapping (${what}): its data is on a device, not in a file`,
    {
      where: { disk: shown },
      todo: 'Clone it into a file where the device is (vmkfstools -i MAPPING.vmdk -d thin COPY.vmdk), then name the copy.',
    },
  );
}
