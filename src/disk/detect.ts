import type { DiskFormat } from '../model/machine.js';
import type { ByteSource } from './byte-source.js';
import { QCOW2_MAGIC } from './formats/qcow2.js';
import { VDI_SIGNATURE } from './formats/vdi.js';
import { VHDX_SIGNATURE } from './formats/vhdx.js';
import { isVmdkDescriptor } from './formats/vmdk-descriptor.js';
import { SESPARSE_MAGIC } from './formats/vmdk-sesparse.js';
import { COWD_MAGIC, HOSTED_MAGIC } from './formats/vmdk-sparse.js';
import { hasVhdFooter, VHD_COOKIE } from './formats/vpc.js';

export type ContentKind =
  | { readonly kind: 'disk'; readonly format: DiskFormat }
  | { readonly kind: 'vmx' | 'ovf' | 'libvirt' | 'tar' | 'gzip' }
  /** Recognised, and not read; `name` says what it is, `todo` how to get something that is. */
  | { readonly kind: 'foreign'; readonly name: string; readonly todo: string };

const FRONT_BYTES = 4096;

/** What a file is, by its content; the name plays no part. What nothing recognises counts as a raw disk. */
export async function detect(source: ByteSource): Promise<ContentKind> {
  const front = Buffer.alloc(FRONT_BYTES);
  const length = (await source.read(0, FRONT_BYTES)).copy(front);
  const format = await diskFormat(front, length, source);
  if (format !== null) return { kind: 'disk', format };
  const foreign = FOREIGN.find(
    ({ magic, offset }) => front.toString('latin1', offset ?? 0, (offset ?? 0) + magic.length) === magic,
  );
  if (foreign !== undefined) return { kind: 'foreign', name: foreign.name, todo: foreign.todo };
  if (front.readUInt16BE(0) === 0x1f8b) return { kind: 'gzip' };
  if (isTarHeader(front)) return { kind: 'tar' };
  const text = front.toString('utf8', 0, length).replace(/^\ufeff/, '');
  if (/^\s{0,100}</.test(text)) {
    const root = /<(?:[A-Za-z][\w-]{0,30}:)?(Envelope|domain)[\s>]/.exec(text)?.[1];
    if (root === 'Envelope') return { kind: 'ovf' };
    if (root === 'domain') return { kind: 'libvirt' };
  }
  if (/^(?:\.encoding|config\.version|virtualHW\.version)[ \t]*=/m.test(text)) return { kind: 'vmx' };
  return { kind: 'disk', format: 'raw' };
}

/** The header of a tar archive: its checksum holds, over the 512 bytes with eight blanks in place of itself. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < 512) return false;
  const stored = Number.parseInt(block.toString('latin1', 148, 156).replace(/[\0 ]/g, ' ').trim(), 8);
  let sum = 8 * 32;
  for (let index = 0; index < 512; index += 1) if (index < 148 || index >= 156) sum += block[index]!;
  return sum === stored && block[0] !== 0;
}

async function diskFormat(front: Buffer, length: number, source: ByteSource): Promise<DiskFormat | null> {
  const magic = front.readUInt32BE(0);
  if (magic === QCOW2_MAGIC) return 'qcow2';
  if (magic === HOSTED_MAGIC || magic === COWD_MAGIC) return 'vmdk';
  if (front.readBigUInt64LE(0) === SESPARSE_MAGIC || isVmdkDescriptor(front.subarray(0, length))) return 'vmdk';
  if (front.toString('latin1', 0, 8) === VHDX_SIGNATURE) return 'vhdx';
  if (front.readUInt32BE(64) === VDI_SIGNATURE) return 'vdi';
  if (front.toString('latin1', 0, 8) === VHD_COOKIE || (await hasVhdFooter(source))) return 'vpc';
  return null;
}

const UNPACK = (program: string): string => `Unpack it first: ${program}, then name the result.`;

const FOREIGN: readonly { magic: string; offset?: number; name: string; todo: string }[] = [
  { magic: 'QED\0', name: 'a QED image', todo: 'Convert it: qemu-img convert -f qed -O qcow2 OLD NEW.' },
  {
    magic: 'WithoutFreeSpace',
    name: 'a Parallels image',
    todo: 'Convert it: qemu-img convert -f parallels -O qcow2 OLD NEW.',
  },
  {
    magic: 'WithouFreSpacExt',
    name: 'a Parallels image',
    todo: 'Convert it: qemu-img convert -f parallels -O qcow2 OLD NEW.',
  },
  {
    magic: 'EVF\t\r\n\xff\0',
    name: 'an EnCase (EWF) image',
    todo: 'Export it as raw: ewfexport -f raw, or mount it with ewfmount and name the file ewf1 in there.',
  },
  { magic: 'AFF10', name: 'an AFF image', todo: 'Export it as raw (affconvert -r), then name that.' },
  { magic: '\xfd7zXZ\0', name: 'packed with xz', todo: UNPACK('xz -dk FILE') },
  { magic: '\x28\xb5\x2f\xfd', name: 'packed with zstd', todo: UNPACK('zstd -dk FILE') },
  { magic: 'BZh', name: 'packed with bzip2', todo: UNPACK('bzip2 -dk FILE') },
  { magic: 'PK\x03\x04', name: 'a zip archive', todo: UNPACK('unzip FILE') },
  { magic: '7z\xbc\xaf\x27\x1c', name: 'a 7z archive', todo: UNPACK('7z x FILE') },
  { magic: 'Rar!', name: 'a rar archive', todo: UNPACK('unrar x FILE') },
  { magic: 'LZIP', name: 'packed with lzip', todo: UNPACK('lzip -dk FILE') },
  { magic: '\x7fELF', name: 'a program', todo: 'Name a disk image or a descriptor.' },
  {
    magic: 'VMA\0',
    name: 'a Proxmox backup',
    todo: 'Extract it on a Proxmox host (vma extract FILE FOLDER), then name the disks.',
  },
];
