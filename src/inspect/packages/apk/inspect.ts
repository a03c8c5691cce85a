import type { Problem } from '../../../model/evidence.js';
import type { GuestFs } from '../../../model/guest-fs.js';
import type { Archive, InstalledPackage, PackageDatabase, PackageOrigin } from '../../../model/packages.js';
import { comparePaths } from '../../../model/path.js';
import { compareApkVersions } from '../../../syntax/apk-version.js';
import { readOptionalText } from '../../../syntax/guest-text.js';
import {
  apkConfigurationFiles,
  readApkArchitecture,
  readApkRepositories,
  readWorld,
  type World,
} from './configuration.js';
import { type ApkRecord, parseInstalled } from './installed.js';
import { isKernelPackage } from './kernel.js';
import { parseApkRelations } from './relations.js';

/** Where apk keeps its database: since 2.0, since the merged /usr of apk 3, and as other readers look for it. */
export const APK_DATABASES = [
  '/lib/apk/db/installed',
  '/usr/lib/apk/db/installed',
  '/var/lib/apk/db/installed',
] as const;

const MAX_DATABASE_BYTES = 128 * 1024 * 1024;

/** Files that are a database, each real file once. */
export function findApk(fs: GuestFs): string[] {
  const found = new Map<string, string>();
  for (const path of APK_DATABASES) {
    const entry = fs.stat(path);
    if (entry?.type === 'file' && !found.has(entry.path)) found.set(entry.path, path);
  }
  return [...found.values()];
}

export async function inspectApk(fs: GuestFs): Promise<PackageDatabase> {
  const problems: Problem[] = [];
  const records: ApkRecord[] = [];
  const evidence: { path: string }[] = [];
  for (const path of findApk(fs)) {
    const text = await readOptionalText(fs, path, MAX_DATABASE_BYTES, problems);
    if (text === undefined) continue;
    evidence.push({ path });
    records.push(...parseInstalled(text, path, problems));
    if (records.length > 0) break;
  }
  const world = await readWorld(fs, problems);
  const archives = await readApkRepositories(fs, problems);
  const architectures = architecturesOf(records, await readApkArchitecture(fs, problems));
  const packages = records
    .map((record) => installedPackage(record, world, archives))
    .sort(
      (a, b) =>
        comparePaths(a.name, b.name) ||
        comparePaths(a.architecture, b.architecture) ||
        compareApkVersions(a.version, b.version),
    );
  return {
    manager: 'apk',
    architecture: architectures[0] ?? null,
    foreignArchitectures: architectures.slice(1),
    packages,
    archives,
    archiveDate: null,
    configuration: apkConfigurationFiles(fs),
    diversions: new Map(),
    overrides: new Map(),
    evidence,
    problems,
  };
}

function installedPackage(record: ApkRecord, world: World | null, archives: readonly Archive[]): InstalledPackage {
  const field = (letter: string): string | undefined => record.fields.get(letter);
  const depends = parseApkRelations(field('D') ?? '');
  const installIf = field('i');
  const asked = world?.names.get(record.name);
  return {
    name: record.name,
    version: record.version,
    architecture: record.architecture,
    source: { name: field('o') ?? record.name, version: record.version },
    auto: world === null ? null : asked === undefined,
    held: false,
    essential: false,
    priority: null,
    section: null,
    maintainer: field('m') ?? null,
    multiArch: 'no',
    depends: depends.wanted.map((relation) => [relation]),
    recommends: [],
    conflicts: depends.refused,
    provides: parseApkRelations(field('p') ?? '').wanted,
    kernel: isKernelPackage(record.name, record.files),
    files: record.files,
    hasDigests: record.files.some(({ digest }) => digest !== undefined),
    origin: originOf(record, asked?.tag, archives),
    evidence: { path: record.path, line: record.line },
    ...(world === null
      ? {}
      : {
          reason: {
            inferred: false,
            evidence: { path: world.path, ...(asked === undefined ? {} : { line: asked.line }) },
          },
        }),
    ...(installIf === undefined
      ? {}
      : { installIf: parseApkRelations(installIf).wanted, rich: [{ kind: 'install-if', text: installIf }] }),
  };
}

/** Hosts and folders of Alpine's own archive and its mirrors: `…/alpine/v3.16/main`. */
const ALPINE_ARCHIVE = /\/(?:alpine\/)?(?:v[0-9]+\.[0-9]+|edge|latest-stable)\/(?:main|community|testing|releases)\/?$/;

/** apk records no repository but a tag: the machine's own list and the marks of Alpine's build tool are what there is. */
function originOf(record: ApkRecord, tag: string | undefined, archives: readonly Archive[]): PackageOrigin {
  const answer = (
    kind: PackageOrigin['kind'],
    confidence: PackageOrigin['confidence'],
    reason: string,
  ): PackageOrigin => ({ kind, available: null, vendor: null, confidence, reason });
  if (record.name.startsWith('.')) {
    return answer('local', 'certain', 'A virtual package: a name for what `apk add --virtual` installed together.');
  }
  const pin = record.fields.get('s') ?? tag;
  if (pin !== undefined) {
    const pinned = archives.find(({ suite }) => suite === `@${pin}`);
    if (pinned === undefined)
      return answer('unknown', 'guess', `Pinned to the repository @${pin}, which is not listed.`);
    return ALPINE_ARCHIVE.test(pinned.uri)
      ? answer('distribution', 'certain', `Pinned to ${pinned.uri}.`)
      : answer('third-party', 'certain', `Pinned to ${pinned.uri}.`);
  }
  const others = archives.filter(({ uri, enabled, suite }) => enabled && suite === null && !ALPINE_ARCHIVE.test(uri));
  const isOfAports = /^[0-9a-f]{40}(?:-dirty)?$/.test(record.fields.get('c') ?? '');
  if (!isOfAports)
    return answer(others.length > 0 ? 'third-party' : 'local', 'guess', 'It names no commit of a source tree.');
  if (others.length === 0)
    return answer('distribution', 'likely', 'Built from a source tree; only archives of Alpine are set up.');
  return answer('unknown', 'guess', `Built from a source tree; it may come from ${others[0]!.uri} as well.`);
}

/** The machine's own, then others by number of packages. */
function architecturesOf(records: readonly ApkRecord[], own: string | null): string[] {
  const counts = new Map<string, number>();
  for (const { architecture } of records) {
    if (architecture !== 'noarch' && architecture !== 'all')
      counts.set(architecture, (counts.get(architecture) ?? 0) + 1);
  }
  const sorted = [...counts]
    .sort(([a, first], [b, second]) => second - first || comparePaths(a, b))
    .map(([word]) => word);
  return own === null ? sorted : [own, ...sorted.filter((word) => word !== own)];
}
