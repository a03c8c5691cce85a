import type { ByteSource } from '../byte-source.js';
import { corrupt, notADisk, truncated } from '../failures.js';
import type { Layer, LayerContext } from '../layer.js';
import { findStructures, type Structure } from './raw-structures.js';

const SECTOR = 512;
const MIN_BLANK = 1024 * 1024;

/**
 * Checks a disk without a format of its own. What makes it a disk is what stands on it: a partition table or a file
 * system, and these also tell how long it must be.
 */
export async function openRaw(context: LayerContext, position: 'top' | 'below'): Promise<Layer> {
  const { source, shown } = context;
  const structures = await findStructures(source);
  // The image above a raw one may hold what makes the two a disk.
  if (position === 'top' && structures.length === 0 && !(await isBlank(source))) {
    throw notADisk(
      shown,
      'is no disk image: no known format, no partition table, no file system',
      'Name a VMDK, qcow2, raw, VHDX, VHD or VDI image, a .vmx, .ovf, .ova or libvirt XML file, or a folder or tar of a root file system.',
    );
  }
  for (const structure of structures) refuseCut(structure, source, shown);
  if (source.size % SECTOR !== 0) {
    context.report({
      code: 'disk-odd-size',
      path: shown,
      reason: `its ${source.size} bytes are no number of sectors: something behind the last partition may be cut off`,
    });
  }
  return {
    format: 'raw',
    virtualSize: Math.ceil(source.size / SECTOR) * SECTOR,
    node: { driver: 'raw', 'read-only': true, file: context.protocolNode },
  };
}

function refuseCut(structure: Structure, source: ByteSource, shown: string): void {
  if (structure.end === null) throw corrupt(shown, `its ${structure.name} has impossible sizes`);
  if (structure.end > source.size) {
    throw truncated(shown, `its ${structure.name} ends at ${structure.end}, and the file has ${source.size} bytes`);
  }
}

/** A disk that nobody wrote to yet: zeros at both ends. */
async function isBlank(source: ByteSource): Promise<boolean> {
  if (source.size < MIN_BLANK || source.size % SECTOR !== 0) return false;
  const first = await source.read(0, MIN_BLANK);
  const last = await source.read(source.size - MIN_BLANK, MIN_BLANK);
  const zeros = Buffer.alloc(MIN_BLANK);
  return first.equals(zeros) && last.equals(zeros);
}
