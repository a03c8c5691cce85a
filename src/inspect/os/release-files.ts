import { shellAssignments } from '../../syntax/shell.js';

/** What one release file says about the system. */
export interface ReleaseFacts {
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string | null;
  readonly codename: string | null;
  readonly prettyName: string;
}

export interface ReleaseFile {
  readonly paths: readonly string[];
  /** Null when the text is not of this kind, so that the next file is asked. */
  readonly read: (text: string) => ReleaseFacts | null;
}

/**
 * Every release file, the first that answers counts. Systems carry several, most of them for compatibility, so the order
 * is what makes the answer right.
 */
export const RELEASE_FILES: readonly ReleaseFile[] = [
  // The standard since 2012, and the only file that names derivatives for what they are. The vendor's copy below /usr
  // comes second: the administrator's wins (os-release(5)).
  { paths: ['/etc/os-release', '/usr/lib/os-release'], read: readOsRelease },
  // Oracle also ships redhat-release with Red Hat's own name in it, so its own files come before.
  { paths: ['/etc/oracle-release', '/etc/enterprise-release'], read: (text) => readRedHatStyle(text, 'ol') },
  // Rebuilds link redhat-release to a file of their own or copy it; where they differ, their own is right.
  { paths: ['/etc/almalinux-release', '/etc/rocky-release', '/etc/miraclelinux-release'], read: readRedHatStyle },
  { paths: ['/etc/centos-release'], read: readRedHatStyle },
  // Fedora and its relatives have redhat-release as a link for old software.
  { paths: ['/etc/fedora-release'], read: readRedHatStyle },
  // Mageia ships mandriva-release (and mandrake-release) as links, and redhat-release as well: newest name first.
  { paths: ['/etc/mageia-release'], read: readRedHatStyle },
  { paths: ['/etc/openmandriva-release', '/etc/rosa-release', '/etc/pclinuxos-release'], read: readRedHatStyle },
  { paths: ['/etc/mandriva-release', '/etc/mandrakelinux-release', '/etc/mandrake-release'], read: readRedHatStyle },
  // SUSE has no redhat-release, but some images carry an lsb-release without a release number.
  { paths: ['/etc/SuSE-release', '/etc/sles-release'], read: readSuse },
  // Ubuntu and its derivatives carry Debian's debian_version, which names the Debian they branched from. Red Hat's
  // lsb-release names no distribution, so it answers nothing and redhat-release is asked.
  { paths: ['/etc/lsb-release'], read: readLsbRelease },
  { paths: ['/etc/redhat-release'], read: readRedHatStyle },
  // Amazon Linux before os-release has this alone; Red Hat's family has it as a link to the files above.
  { paths: ['/etc/system-release'], read: readRedHatStyle },
  { paths: ['/etc/system-release-cpe'], read: readCpe },
  { paths: ['/etc/alpine-release'], read: (text) => named('alpine', 'Alpine Linux', firstLine(text)) },
  // Arch keeps this file empty; its being there says it.
  { paths: ['/etc/arch-release'], read: () => ({ ...named('arch', 'Arch Linux', ''), versionId: null }) },
  { paths: ['/etc/gentoo-release'], read: (text) => ({ ...readTrailing(text, 'gentoo'), versionId: null }) },
  { paths: ['/etc/slackware-version'], read: (text) => readTrailing(text, 'slackware') },
  { paths: ['/etc/sourcemage-release'], read: () => named('sourcemage', 'Source Mage GNU/Linux', '') },
  { paths: ['/etc/photon-release'], read: (text) => readTrailing(text, 'photon') },
  { paths: ['/etc/devuan_version'], read: (text) => ({ ...named('devuan', 'Devuan', ''), codename: firstLine(text) }) },
  // After everything that is built upon Debian.
  { paths: ['/etc/debian_version'], read: readDebianVersion },
];

/** Codenames of the Debian releases that say them nowhere on the disk. */
export const DEBIAN_CODENAMES: Readonly<Record<string, string>> = {
  '3.1': 'sarge',
  '4': 'etch',
  '5': 'lenny',
  '6': 'squeeze',
  '7': 'wheezy',
  '8': 'jessie',
  '9': 'stretch',
  '10': 'buster',
  '11': 'bullseye',
  '12': 'bookworm',
  '13': 'trixie',
  '14': 'forky',
};

/** os-release(5). A file without ID answers nothing: the default `linux` says less than any other file. */
function readOsRelease(text: string): ReleaseFacts | null {
  const fields = new Map(shellAssignments(text).map(({ name, value }) => [name, value.trim()]));
  const id = identifier(fields.get('ID') ?? '');
  if (id === '') return null;
  const versionId = fields.get('VERSION_ID') ?? '';
  return {
    id,
    idLike: (fields.get('ID_LIKE') ?? '')
      .split(/\s+/)
      .map(identifier)
      .filter((word) => word !== ''),
    versionId: versionId === '' ? null : versionId,
    codename: osReleaseCodename(id, fields),
    prettyName: fields.get('PRETTY_NAME') || fields.get('NAME') || id,
  };
}

function osReleaseCodename(id: string, fields: ReadonlyMap<string, string>): string | null {
  const declared = fields.get('VERSION_CODENAME') || fields.get('DEBIAN_CODENAME');
  if (declared) return declared;
  if (id === 'ubuntu' && fields.get('UBUNTU_CODENAME')) return fields.get('UBUNTU_CODENAME')!;
  const version = (fields.get('VERSION') ?? '').slice(0, 256);
  // Debian "8 (jessie)", CentOS "7 (Core)", Ubuntu "14.04.3 LTS, Trusty Tahr".
  const named = /\(([^()]+)\)\s*$/.exec(version)?.[1] ?? /,\s*(\S+)/.exec(version)?.[1];
  if (named === undefined) return null;
  return id === 'ubuntu' || id === 'debian' ? named.split(/\s/)[0]!.toLowerCase() : named;
}

function readLsbRelease(text: string): ReleaseFacts | null {
  const fields = new Map(shellAssignments(text).map(({ name, value }) => [name, value.trim()]));
  const name = fields.get('DISTRIB_ID') ?? '';
  if (name === '') return null;
  const id = NAMES.find(([prefix]) => name.toLowerCase().startsWith(prefix))?.[1] ?? identifier(name);
  return {
    id,
    idLike: [],
    versionId: numericVersion(fields.get('DISTRIB_RELEASE') ?? ''),
    codename: fields.get('DISTRIB_CODENAME') || null,
    prettyName: fields.get('DISTRIB_DESCRIPTION') || `${name} ${fields.get('DISTRIB_RELEASE') ?? ''}`.trim(),
  };
}

/** Beginnings of names in lower case → ID, longer before shorter. */
const NAMES: readonly (readonly [string, string])[] = [
  ['red hat enterprise linux', 'rhel'],
  ['redhatenterprise', 'rhel'],
  ['red hat linux', 'redhat'],
  ['enterprise linux enterprise linux', 'ol'],
  ['oracle', 'ol'],
  ['centos', 'centos'],
  ['scientific', 'scientific'],
  ['fedora', 'fedora'],
  ['mageia', 'mageia'],
  ['openmandriva', 'openmandriva'],
  ['mandrivalinux', 'mandriva'],
  ['mandriva', 'mandriva'],
  ['mandrake', 'mandrake'],
  ['amazon', 'amzn'],
  ['almalinux', 'almalinux'],
  ['rocky', 'rocky'],
  ['cloudlinux', 'cloudlinux'],
  ['miracle', 'miraclelinux'],
  ['eurolinux', 'eurolinux'],
  ['xenserver', 'xenserver'],
  ['xcp-ng', 'xcp-ng'],
  ['virtuozzo', 'virtuozzo'],
  ['kylin', 'kylin'],
  ['openeuler', 'openeuler'],
  ['tencentos', 'tencentos'],
  ['suse linux enterprise', 'sles'],
  ['opensuse', 'opensuse'],
  ['suse', 'suse'],
  ['archlinux', 'arch'],
  ['arch', 'arch'],
];

/** `CentOS release 5.11 (Final)`, `Mageia release 4 (Official) for x86_64`, `Amazon Linux AMI release 2016.03`. */
function readRedHatStyle(text: string, knownId?: string): ReleaseFacts | null {
  const line = firstLine(text);
  const at = line.indexOf(' release ');
  if (at === -1) return null;
  const name = line.slice(0, at);
  const rest = line.slice(at + ' release '.length);
  const known = NAMES.find(([prefix]) => name.toLowerCase().startsWith(prefix))?.[1];
  const codename = /\(([^()]+)\)/.exec(rest)?.[1] ?? null;
  const id = knownId ?? known ?? identifier(name.replace(/ (?:GNU\/)?Linux.*$/i, ''));
  return {
    id,
    idLike: id === 'fedora' ? [] : ['fedora', 'rhel'].filter((word) => word !== id && isOfRedHat(id)),
    versionId: /^[\w.-]+/.exec(rest)?.[0] ?? null,
    codename: codename === 'Official' ? null : codename,
    prettyName: line,
  };
}

function isOfRedHat(id: string): boolean {
  return !['mageia', 'mandriva', 'mandrake', 'openmandriva'].includes(id);
}

/** `SUSE Linux Enterprise Server 11 (x86_64)`, then `VERSION = 11`, `PATCHLEVEL = 4`, `CODENAME = …`. */
function readSuse(text: string): ReleaseFacts | null {
  const pretty = firstLine(text);
  const field = (name: string): string | null => {
    const line = text.split('\n').find((item) => item.replace(/\s/g, '').startsWith(`${name}=`));
    return line === undefined ? null : line.slice(line.indexOf('=') + 1).trim() || null;
  };
  const id = pretty.startsWith('SUSE Linux Enterprise Desktop')
    ? 'sled'
    : NAMES.find(([prefix]) => pretty.toLowerCase().startsWith(prefix))?.[1];
  if (id === undefined) return null;
  const version = field('VERSION');
  const level = field('PATCHLEVEL');
  return {
    id,
    idLike: ['suse'],
    versionId:
      version !== null && level !== null && level !== '0' && !version.includes('.') ? `${version}.${level}` : version,
    codename: field('CODENAME'),
    prettyName: pretty,
  };
}

/** `cpe:/o:centos:linux:6:GA`: the one trace of a stripped CentOS 6. */
function readCpe(text: string): ReleaseFacts | null {
  const [prefix, , vendor, , version] = firstLine(text).split(':');
  if (prefix !== 'cpe' || vendor === undefined || vendor === '') return null;
  const id = { redhat: 'rhel', oracle: 'ol', amazon: 'amzn', fedoraproject: 'fedora' }[vendor] ?? identifier(vendor);
  return { ...named(id, firstLine(text), version ?? ''), idLike: [] };
}

/** A number (`6.0.10`), or `squeeze/sid` for what was not released yet. */
function readDebianVersion(text: string): ReleaseFacts | null {
  const line = firstLine(text);
  if (line === '') return null;
  const major = /^(\d+)(?:\.|$)/.exec(line)?.[1];
  if (major === undefined) {
    const codename = line.split('/')[0]!;
    return { ...named('debian', `Debian GNU/Linux ${line}`, ''), versionId: null, codename };
  }
  const versionId = major === '3' ? line.slice(0, 3) : major;
  return { ...named('debian', `Debian GNU/Linux ${line}`, versionId), codename: DEBIAN_CODENAMES[versionId] ?? null };
}

function readTrailing(text: string, id: string): ReleaseFacts {
  const line = firstLine(text);
  return named(id, line === '' ? id : line, /(\d[\w.]*)\s*$/.exec(line.slice(-128))?.[1] ?? '');
}

function named(id: string, prettyName: string, version: string): ReleaseFacts {
  return { id, idLike: [], versionId: version === '' ? null : version, codename: null, prettyName };
}

/** A word as os-release(5) allows it for ID. */
function identifier(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .slice(0, 64)
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

function numericVersion(text: string): string | null {
  return /^\d/.test(text) ? text : null;
}

function firstLine(text: string): string {
  return text.trimStart().split('\n', 1)[0]!.trim().slice(0, 512);
}
