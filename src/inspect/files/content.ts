import type { Entry } from '../../model/entry.js';
import type { Problem } from '../../model/evidence.js';
import type { ContentDigest, FileInventory, FileRecord } from '../../model/files.js';
import type { StreamItem } from '../../model/guest-fs.js';
import type { DigestAlgorithm } from '../../model/packages.js';
import { displayPath } from '../../model/path.js';
import type { ClassifiedFiles } from './classify.js';
import { contentHasher } from './hashing.js';
import { digestsOf } from './ownership.js';
import type { ReadContent } from './package-record.js';
import { ruleFor } from './secrets/by-path.js';
import { LOOKED_AT, secretInContent } from './secrets/in-content.js';
import { hasSwapMagic, looksLikeSwap } from './swap.js';

/** Takes part in one pass of `GuestFs.stream` and completes an inventory with what content tells. */
export interface ContentReader {
  /** For the `select` of the stream. */
  wants(entry: Entry): boolean;
  /** For the `digests` of the stream: what packages recorded, but for SHA-256, which is computed of every file. */
  digests(entry: Entry): ReadonlySet<DigestAlgorithm>;
  /** For its `visit`. Entries that are not wanted may be passed in as well. */
  visit(item: StreamItem): Promise<void>;
  /** The inventory with final states, digests and secrets; problems lists those of the classification too. */
  finish(): FileInventory & { readonly problems: readonly Problem[] };
}

const NONE: ReadonlySet<DigestAlgorithm> = new Set();

/** Hashes (SHA-256, and what a package recorded) and looks for secrets, in constant memory for content. */
export async function contentReader(classified: ClassifiedFiles): Promise<ContentReader> {
  const hash = contentHasher(LOOKED_AT);
  const digests = new Map<string, ContentDigest>();
  const byFile = new Map<string, { digest: ContentDigest; read: ReadContent; secret: string | undefined }>();
  const updates = new Map<string, FileRecord>();
  const problems: Problem[] = [];

  const all = new Set<DigestAlgorithm>();
  for (const claim of classified.claims.values()) for (const { algorithm } of digestsOf(claim)) all.add(algorithm);
  all.delete('sha256');
  const verdict = (record: FileRecord, read: ReadContent): FileRecord => {
    const { changes: _, ...rest } = record;
    return { ...rest, ...classified.compare(record.entry, classified.claims.get(record.entry.path), read) };
  };
  const algorithmsFor = (entry: Entry): ReadonlySet<DigestAlgorithm> => {
    // A hard link has several names, and a package may have recorded any of them.
    if (entry.links > 1) return all;
    const claim = classified.claims.get(entry.path);
    if (claim === undefined) return NONE;
    const names = new Set(digestsOf(claim).map(({ algorithm }) => algorithm));
    names.delete('sha256');
    return names;
  };

  const wants = (entry: Entry): boolean => {
    if (entry.type !== 'file') return false;
    const record = classified.records.get(entry.path);
    return record !== undefined && record.excluded === undefined;
  };

  return {
    wants,
    digests: algorithmsFor,
    async visit({ entry, attributes, content, digests: given }) {
      if (content === undefined) return;
      const record = classified.records.get(entry.path);
      const isWanted = record !== undefined && wants(entry);
      const item = { content, ...(given && { digests: given }) };
      const hashed = isWanted ? await hash(item, entry.size, algorithmsFor(entry)) : null;
      if (!isWanted) return;
      if (hashed === null) {
        problems.push({
          code: 'content-inconsistent',
          path: displayPath(entry.path),
          reason: 'The content is not as long as the file system says; it was not compared.',
        });
        return;
      }
      digests.set(entry.path, hashed.digest);
      const read = { hex: hashed.hex, attributes };
      const updated = withSecret(verdict(record, read), hashed.head);
      updates.set(entry.path, updated);
      if (entry.links > 1) byFile.set(entry.fileId, { digest: hashed.digest, read, secret: updated.secret });
    },
    finish() {
      const records = new Map<string, FileRecord>();
      for (const [path, record] of classified.records) {
        const shared = record.entry.links > 1 && wants(record.entry) ? byFile.get(record.entry.fileId) : undefined;
        if (shared === undefined || updates.has(path)) {
          records.set(path, updates.get(path) ?? record);
          continue;
        }
        digests.set(path, shared.digest);
        const { secret, ...rest } = verdict(record, shared.read);
        const kind = rest.state === 'unchanged' ? undefined : (shared.secret ?? secret);
        records.set(path, { ...rest, ...(kind === undefined ? {} : { secret: kind }) });
      }
      const { claims: _, compare: __, ...inventory } = classified;
      return { ...inventory, records, digests, problems: [...classified.problems, ...problems] };
    },
  };
}

/** What a package brings to everybody is no secret, whatever it looks like. */
function withSecret(record: FileRecord, head: Buffer): FileRecord {
  const { secret, identity, ...rest } = record;
  if (record.state === 'unchanged') return identity === undefined ? rest : { ...rest, identity };
  if (looksLikeSwap(record.entry) && hasSwapMagic(head)) {
    return { ...rest, excluded: { class: 'swap', reason: 'its content is swap space' } };
  }
  const rule = ruleFor(record.entry.path);
  const isConfirmed = rule?.confirm === undefined || rule.confirm(head.toString('latin1'));
  const known = isConfirmed ? secret : undefined;
  const kind = known ?? secretInContent(head, isSettings(record.entry.path));
  return {
    ...rest,
    ...(kind === undefined ? {} : { secret: kind }),
    ...(identity === undefined || !isConfirmed ? {} : { identity }),
  };
}

function isSettings(path: string): boolean {
  return (
    path.startsWith('/etc/') || /(?:^|[/.])env$|\.env(?:\.[\w-]+)?$|\.(?:conf|cfg|ini|properties|service)$/.test(path)
  );
}
