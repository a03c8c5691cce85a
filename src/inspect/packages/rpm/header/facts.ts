import type { Relation } from '../../../../model/packages.js';
import { asksForRpm, headerDependencies, isRich, type RpmDependency, toRelation } from './dependencies.js';
import { type HeaderFiles, headerFiles } from './files.js';
import { HeaderError, headerNumber, headerText, type RpmHeader } from './header.js';
import { parseRichDependency, type RichDependency } from './rich.js';
import { signingKey } from './signature.js';
import { DEPENDENCY_TAGS, type DependencyTags, SENSE, TAG } from './tags.js';

/** What one header says, before the other packages of the machine are looked at. */
export interface PackageFacts {
  readonly record: number;
  readonly name: string;
  /** `epoch:version-release` without a zero epoch. */
  readonly version: string;
  readonly architecture: string;
  readonly source: { readonly name: string; readonly version: string };
  readonly vendor: string | undefined;
  readonly packager: string | undefined;
  readonly group: string | undefined;
  readonly signer: string | undefined;
  readonly installTime: number | undefined;
  readonly transaction: number | undefined;
  readonly module: string | undefined;
  readonly requires: Dependencies;
  readonly recommends: Dependencies;
  readonly suggests: Dependencies;
  readonly supplements: Dependencies;
  readonly enhances: Dependencies;
  readonly conflicts: Dependencies;
  readonly obsoletes: readonly Relation[];
  readonly provides: readonly Relation[];
  readonly files: HeaderFiles;
  /** What was wrong beside what is good. */
  readonly defects: readonly string[];
}

export interface Dependencies {
  readonly plain: readonly Relation[];
  readonly rich: readonly { readonly text: string; readonly parsed: RichDependency | null }[];
}

/** @throws HeaderError when it is no usable record of a package. */
export function packageFacts(record: number, header: RpmHeader): PackageFacts {
  const name = headerText(header, TAG.name) ?? '';
  if (!/^[A-Za-z0-9_][A-Za-z0-9+._-]{0,254}$/.test(name)) throw new HeaderError('The header has no usable name.');
  const version = evr(header);
  if (!/^[A-Za-z0-9._+~^:-]{1,254}$/.test(version)) throw new HeaderError(`${name} has no usable version.`);
  const architecture = headerText(header, TAG.architecture) ?? 'noarch';
  if (!/^[A-Za-z0-9_]{1,64}$/.test(architecture)) throw new HeaderError(`${name} has no usable architecture.`);
  const files = headerFiles(header);
  const old = headerDependencies(header, DEPENDENCY_TAGS.oldSuggests);
  const oldEnhances = headerDependencies(header, DEPENDENCY_TAGS.oldEnhances);
  const requires = headerDependencies(header, DEPENDENCY_TAGS.requires);
  // SUSE's old way to recommend: a requirement whose absence is fine.
  const isWeak = (dependency: RpmDependency): boolean => (dependency.flags & SENSE.missingOk) !== 0;
  const isStrong = (dependency: RpmDependency): boolean => (dependency.flags & SENSE.strong) !== 0;
  const list = (tags: DependencyTags, more: readonly RpmDependency[] = []): Dependencies =>
    split([...headerDependencies(header, tags), ...more]);
  return {
    record,
    name,
    version,
    architecture,
    source: sourceOf(headerText(header, TAG.sourceRpm), name, version),
    vendor: known(headerText(header, TAG.vendor)),
    packager: known(headerText(header, TAG.packager)),
    group: known(headerText(header, TAG.group)),
    signer: signingKey(header),
    installTime: headerNumber(header, TAG.installTime),
    transaction: headerNumber(header, TAG.installTransaction),
    module: known(headerText(header, TAG.moduleLabel)),
    requires: split(requires.filter((dependency) => !isWeak(dependency) && !asksForRpm(dependency))),
    recommends: list(DEPENDENCY_TAGS.recommends, [...old.filter(isStrong), ...requires.filter(isWeak)]),
    suggests: list(
      DEPENDENCY_TAGS.suggests,
      old.filter((dependency) => !isStrong(dependency)),
    ),
    supplements: list(DEPENDENCY_TAGS.supplements, oldEnhances.filter(isStrong)),
    enhances: list(
      DEPENDENCY_TAGS.enhances,
      oldEnhances.filter((dependency) => !isStrong(dependency)),
    ),
    conflicts: list(DEPENDENCY_TAGS.conflicts),
    obsoletes: headerDependencies(header, DEPENDENCY_TAGS.obsoletes).map(toRelation),
    provides: headerDependencies(header, DEPENDENCY_TAGS.provides).map(toRelation),
    files,
    defects: files.defect === null ? [] : [`${name}: ${files.defect}`],
  };
}

/** The name of rpm's entries for signing keys, which are no packages. */
export function isKeyEntry(header: RpmHeader): boolean {
  return headerText(header, TAG.name) === 'gpg-pubkey';
}

/** `epoch:version-release` without a zero epoch. */
export function evr(header: RpmHeader): string {
  const epoch = headerNumber(header, TAG.epoch) ?? 0;
  const version = headerText(header, TAG.version) ?? '';
  const release = headerText(header, TAG.release) ?? '';
  if (version === '' || release === '') return '';
  return `${epoch === 0 ? '' : `${epoch}:`}${version}-${release}`;
}

function split(dependencies: readonly RpmDependency[]): Dependencies {
  const plain: Relation[] = [];
  const rich: Dependencies['rich'][number][] = [];
  for (const dependency of dependencies) {
    if (isRich(dependency)) rich.push({ text: dependency.name, parsed: parseRichDependency(dependency.name) });
    else if (dependency.name !== '') plain.push(toRelation(dependency));
  }
  return { plain, rich };
}

/** `name-version-release.src.rpm`; packages without a source name themselves. */
function sourceOf(file: string | undefined, name: string, version: string): PackageFacts['source'] {
  const match = /^(.{1,255})-([^-]{1,255})-([^-]{1,255})\.(?:no)?src\.rpm$/.exec(file?.slice(0, 800) ?? '');
  if (match === null) return { name, version };
  return { name: match[1]!, version: `${match[2]}-${match[3]}` };
}

function known(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text === '(none)' ? undefined : text.slice(0, 4096);
}
