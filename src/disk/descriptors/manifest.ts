import { createHash } from 'node:crypto';
import type { ByteSource } from '../byte-source.js';

/** The digests of an OVF manifest (`.mf`): one `SHA256(name)= hex` a line. DSP0243, section 5.1. */
export interface ManifestLine {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly digest: string;
}

export const MAX_MANIFEST_BYTES = 1024 * 1024;
const PIECE = 1024 * 1024;

export function parseManifest(bytes: Buffer): Map<string, ManifestLine> {
  const found = new Map<string, ManifestLine>();
  for (const line of bytes.toString('utf8', 0, MAX_MANIFEST_BYTES).split('\n')) {
    const match = /^(SHA1|SHA256|SHA512)[ \t]*\(([^)]{1,1000})\)[ \t]*=[ \t]*([0-9a-f]{40,128})[ \t\r]*$/i.exec(
      line.slice(0, 2000),
    );
    if (match !== null) {
      found.set(match[2]!, {
        algorithm: match[1]!.toLowerCase() as ManifestLine['algorithm'],
        digest: match[3]!.toLowerCase(),
      });
    }
  }
  return found;
}

/** Whether the bytes have the digest of the manifest. `advance` is told how many bytes were read. */
export async function hasDigest(
  source: ByteSource,
  line: ManifestLine,
  options: { signal?: AbortSignal; advance?: (done: number) => void } = {},
): Promise<boolean> {
  const hash = createHash(line.algorithm);
  for (let offset = 0; offset < source.size; offset += PIECE) {
    options.signal?.throwIfAborted();
    const bytes = await source.read(offset, PIECE);
    hash.update(bytes);
    options.advance?.(offset + bytes.length);
  }
  return hash.digest('hex') === line.digest;
}
