import { damaged } from './faults.js';

export interface VmdkExtent {
  readonly sectors: number;
  /** `SPARSE`, `FLAT`, `ZERO`, `VMFS`, `VMFSSPARSE`, `SESPARSE`, … */
  readonly kind: string;
  readonly file?: string;
  /** Sectors into the file, of flat extents. */
  readonly offset: number;
}

export interface VmdkDescriptor {
  readonly extents: readonly VmdkExtent[];
  /** CID of the parent, when it has one. */
  readonly parentCid?: string;
  readonly parentHint?: string;
}

const MAX_EXTENTS = 4096;

export function parseVmdkDescriptor(text: string): VmdkDescriptor {
  const extents: VmdkExtent[] = [];
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const extent = /^\s*(?:RW|RDONLY|NOACCESS)\s+(\d{1,15})\s+([A-Z]+)(?:\s+"([^"]*)"(?:\s+(\d{1,15}))?)?/.exec(line);
    if (extent !== null) {
      const [, sectors, kind, file, offset] = extent;
      extents.push({ sectors: Number(sectors), kind: kind!, offset: Number(offset ?? 0), ...(file && { file }) });
      continue;
    }
    const field = /^\s*([A-Za-z]+)\s*=\s*"?([^"]*)"?\s*$/.exec(line);
    if (field !== null) fields.set(field[1]!.toLowerCase(), field[2]!.trim());
  }
  if (extents.length === 0) throw damaged('VMDK descriptor without extents');
  if (extents.length > MAX_EXTENTS) throw damaged('VMDK descriptor with too many extents');
  const parentCid = fields.get('parentcid')?.toLowerCase();
  const parentHint = fields.get('parentfilenamehint');
  const hasParent = parentCid !== undefined && parentCid !== 'ffffffff';
  return { extents, ...(hasParent && { parentCid }), ...(parentHint && { parentHint }) };
}
