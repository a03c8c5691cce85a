import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Entry } from '../../../src/model/entry.js';
import type { GuestFs } from '../../../src/model/guest-fs.js';
import { encodePath } from '../../../src/model/path.js';

/** One entry as the kernel (oracle.py) or a reader shows it, in a form that can be compared field by field. */
export interface Seen {
  readonly path: string;
  readonly identity: string;
  readonly digest?: string;
  readonly [field: string]: unknown;
}

/** What the kernel shows of a folder where a file system is mounted. */
export function seenByKernel(folder: string): Map<string, Seen> {
  const script = fileURLToPath(new URL('oracle.py', import.meta.url));
  const lines = execFileSync('python3', [script, folder], { maxBuffer: 2 ** 30, encoding: 'utf8' });
  const entries = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Seen);
  return new Map(entries.map((entry) => [entry.path, entry]));
}

/** What a reader shows; content is hashed with its holes as zeros. */
export async function seenByReader(fs: GuestFs): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  const digests = new Map<string, string>();
  await fs.stream(async ({ entry, attributes, content }) => {
    if (content !== undefined) digests.set(entry.fileId, await digestOf(entry, content));
    const path = encodePath(entry.path).toString('hex');
    const sorted = [...attributes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, value.toString('hex')]);
    seen.set(path, {
      path,
      type: entry.type,
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      size: entry.size,
      allocated: entry.allocated,
      mtime: entry.mtime,
      mtimeNanoseconds: entry.mtimeNanoseconds,
      links: entry.links,
      identity: entry.fileId,
      attributes: Object.fromEntries(sorted),
      ...(entry.target !== undefined && { target: encodePath(entry.target).toString('hex') }),
      ...(entry.device && { device: [entry.device.major, entry.device.minor] }),
      ...(entry.type === 'file' && { digest: digests.get(entry.fileId) ?? 'no content came' }),
    });
  });
  return seen;
}

/** Differences in words; `identity` is compared by the groups it makes. Empty means equal. */
export function differences(
  kernel: Map<string, Seen>,
  reader: Map<string, Seen>,
  ignored: readonly string[] = [],
): string[] {
  const found: string[] = [];
  const identities = new Map<string, string>();
  for (const [path, expected] of kernel) {
    const actual = reader.get(path);
    const name = Buffer.from(path, 'hex').toString();
    if (actual === undefined) {
      found.push(`${name} is missing`);
      continue;
    }
    const known = identities.get(expected.identity);
    if (known !== undefined && known !== actual.identity) found.push(`${name} is not linked to its other names`);
    identities.set(expected.identity, actual.identity);
    for (const field of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      if (field === 'identity' || ignored.includes(field)) continue;
      const [want, got] = [JSON.stringify(expected[field]), JSON.stringify(actual[field])];
      if (want !== got) found.push(`${name}: ${field} is ${got?.slice(0, 200)}, not ${want?.slice(0, 200)}`);
    }
  }
  for (const path of reader.keys()) if (!kernel.has(path)) found.push(`${Buffer.from(path, 'hex')} is invented`);
  return found;
}

async function digestOf(entry: Entry, content: AsyncIterable<{ offset: number; data: Buffer }>): Promise<string> {
  const hash = createHash('sha256');
  let at = 0;
  for await (const { offset, data } of content) {
    if (offset < at || offset + data.length > entry.size) return `run at ${offset} after ${at} of ${entry.size}`;
    feedZeros(hash, offset - at);
    hash.update(data);
    at = offset + data.length;
  }
  feedZeros(hash, entry.size - at);
  return hash.digest('hex');
}

const ZEROS = Buffer.alloc(2 ** 20);

function feedZeros(hash: ReturnType<typeof createHash>, count: number): void {
  for (let rest = count; rest > 0; rest -= ZEROS.length) hash.update(ZEROS.subarray(0, Math.min(rest, ZEROS.length)));
}
