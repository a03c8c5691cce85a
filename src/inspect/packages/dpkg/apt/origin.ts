import type { PackageOrigin } from '../../../../model/packages.js';
import type { ArchiveIndex } from './indexes.js';
import type { ReleaseFile } from './releases.js';

/** What is known of a package when its origin is decided. */
export interface OriginClues {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly source: string;
  readonly maintainer: string | null;
  readonly originalMaintainer: string | null;
  readonly section: string | null;
  /** `Origin` of the package itself; rarely there. */
  readonly origin: string | null;
  /** Where apt's history says that it was installed from a file. */
  readonly installedFromFile: string | null;
}

/** `Origin` of release files whose archives are a distribution's own. */
const DISTRIBUTION_ORIGINS =
  /^(?:Debian(?: Backports| Ports)?|Ubuntu|UbuntuESM\w*|Raspbian|Raspberry Pi Foundation|Kali|Parrot|Devuan|linuxmint|Linux ?Mint|pop-os-[\w-]+|elementary\w*|Deepin|Uos|Proxmox|Pardus|PureOS|Armbian|Tanglu|Trisquel|neon|MX repository|Astra\w*)$/i;

/** Domains of maintainers that work for a distribution. */
const DISTRIBUTION_MAINTAINERS =
  /@(?:[\w.-]+\.)?(?:debian\.org|ubuntu\.com|canonical\.com|raspbian\.org|raspberrypi\.(?:org|com)|kali\.org|devuan\.org|linuxmint\.com|proxmox\.com|system76\.com|elementary\.io)>?\s*$/i;

/** Marks that only the builders of a distribution put into a version. */
const DISTRIBUTION_VERSIONS = /(?:ubuntu|\+deb\d+u|~bpo\d+\+|\+b\d+$|\+rpi\d|\+rpt\d|\+kali|build\d+$)/;

/**
 * Where a package comes from, by the strongest clue there is: its very version in an index; its name in one; its source
 * in one; then, without indexes or against them, apt's history, who maintains it and how its version is marked.
 * @param index Null when the indexes were not read.
 */
export function decideOrigin(clues: OriginClues, index: ArchiveIndex | null): PackageOrigin {
  if (index === null || index.empty) return byMarks(clues, null, 'no index of its archives is on the disk');
  const listed = index.versions.get(clues.name) ?? [];
  const exact = listed.find(
    ({ version, architecture }) => version === clues.version && architecture === clues.architecture,
  );
  if (exact !== undefined) {
    return byArchive(exact.release, true, 'certain', `${exact.release.path} lists this version`);
  }
  // An index that could not be read might list it.
  const available = index.complete ? false : null;
  if (listed.length > 0) {
    const { release } = bestOf(listed.map((item) => item.release));
    return byArchive(release, available, 'likely', `${release.path} lists other versions of the package`);
  }
  const sourceRelease = index.sources.get(clues.source);
  if (sourceRelease !== undefined) {
    const reason = `${sourceRelease.path} lists other packages of its source ${clues.source}`;
    return byArchive(sourceRelease, available, 'likely', reason);
  }
  return byMarks(clues, available, 'no index on the disk lists the package');
}

function byArchive(
  release: ReleaseFile,
  available: boolean | null,
  confidence: PackageOrigin['confidence'],
  reason: string,
): PackageOrigin {
  const vendor = release.origin ?? release.label;
  if (vendor === null) {
    return {
      kind: 'third-party',
      available,
      vendor,
      confidence: 'guess',
      reason: `${reason}; the archive has no name`,
    };
  }
  const kind = DISTRIBUTION_ORIGINS.test(vendor) ? 'distribution' : 'third-party';
  return { kind, available, vendor, confidence, reason };
}

function byMarks(clues: OriginClues, available: boolean | null, because: string): PackageOrigin {
  const shared = { available, confidence: 'guess' as const };
  if (clues.installedFromFile !== null) {
    const reason = `${because}; installed from a file, says ${clues.installedFromFile}`;
    return { ...shared, confidence: 'likely', kind: 'local', vendor: clues.maintainer, reason };
  }
  if (clues.origin !== null) {
    const kind = DISTRIBUTION_ORIGINS.test(clues.origin) ? 'distribution' : 'third-party';
    return { ...shared, confidence: 'likely', kind, vendor: clues.origin, reason: `${because}; its record has Origin` };
  }
  for (const maintainer of [clues.maintainer, clues.originalMaintainer]) {
    if (maintainer !== null && DISTRIBUTION_MAINTAINERS.test(maintainer.slice(-256))) {
      return { ...shared, kind: 'distribution', vendor: null, reason: `${because}; maintained by ${maintainer}` };
    }
  }
  if (DISTRIBUTION_VERSIONS.test(clues.version)) {
    return { ...shared, kind: 'distribution', vendor: null, reason: `${because}; version marked by a distribution` };
  }
  // Debian's own packages always have a section; what people build by hand often has none.
  if (available === false && (clues.section === null || clues.section === 'default')) {
    return { ...shared, kind: 'local', vendor: clues.maintainer, reason: `${because}; it has no section` };
  }
  if (available === false) {
    return { ...shared, kind: 'local', vendor: clues.maintainer, reason: `${because}; its maintainer is nobody known` };
  }
  return { ...shared, kind: 'unknown', vendor: clues.maintainer, reason: because };
}

/** A distribution's archive before others, and otherwise the first. */
function bestOf(releases: readonly ReleaseFile[]): { release: ReleaseFile } {
  const release = releases.find(({ origin }) => DISTRIBUTION_ORIGINS.test(origin ?? '')) ?? releases[0]!;
  return { release };
}
