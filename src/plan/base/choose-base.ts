import type { OperatingSystem } from '../../model/os.js';
import type { Archive } from '../../model/packages.js';
import type { BasePlan, PlanOptions } from '../../model/plan.js';
import { ownArchive, publicArchive } from './apt-sources.js';
import { BASE_IMAGES, type BaseImageRow, REBUILD_OF } from './base-images.data.js';
import { imagePlatform } from './platform.js';

export type BaseChoice = Omit<BasePlan, 'packages'> & {
  /** Set when the release itself is unknown and a relative's base stands in. */
  readonly standIn?: string;
};

export interface BaseQuestion {
  readonly os: OperatingSystem;
  /** Whether `/bin` of the machine is a link into `/usr`; null when it has no `/bin`. */
  readonly mergedUsr: boolean | null;
  readonly isDpkg: boolean;
  readonly archives: readonly Archive[];
  /** The tag under which a base of our own would be made. */
  readonly ownTag: string;
}

/**
 * What the images of a group stand on (design: DI0). A public image must be of the release, of the architecture and of
 * the machine's own `/usr` layout; otherwise the dpkg family is bootstrapped and the rest is laid down from the disk.
 */
export function chooseBase(question: BaseQuestion, options: PlanOptions): BaseChoice {
  const platform = imagePlatform(question.os.architecture);
  const common = { platform, mergedUsr: question.mergedUsr, checked: false };
  if (options.baseRootfs !== null) {
    return {
      ...common,
      kind: 'rootfs',
      reference: question.ownTag,
      reason: 'the root file system given with --base-rootfs',
    };
  }
  if (options.baseImage === 'scratch') return scratch(question, 'asked for with --base-image scratch');
  const { row, standIn } = findRow(question.os);
  if (options.baseImage === 'bootstrap') {
    return bootstrap(question, row, 'asked for with --base-image bootstrap') ?? scratch(question, noSuite(question));
  }
  if (options.baseImage !== null) {
    return { ...common, kind: 'public', reference: options.baseImage, reason: 'given with --base-image' };
  }
  const obstacle = obstacleTo(question, row, platform);
  if (obstacle !== null) return bootstrap(question, row, obstacle) ?? scratch(question, obstacle);
  return {
    ...common,
    kind: 'public',
    reference: fillReference(row!.reference!, question.os.versionId ?? ''),
    reason: row!.reason ?? `the public image of ${question.os.id} ${question.os.versionId ?? '(rolling)'}`,
    ...(row!.deadArchive === undefined ? {} : { deadArchive: row!.deadArchive }),
    ...(standIn === undefined ? {} : { standIn }),
  };
}

/** The row of the release; for an unknown derivative the one of a relative, named in `standIn`. */
export function findRow(os: OperatingSystem): { row: BaseImageRow | undefined; standIn?: string } {
  const own = rowFor(os.id, os.versionId);
  if (own !== undefined) {
    // A codename tells testing and unstable from each other, and both from a release: neither has a VERSION_ID.
    const bySuite = os.versionId === null && os.codename ? rowBySuite(os.id, os.codename) : undefined;
    return { row: bySuite ?? own };
  }
  for (const relative of os.idLike) {
    const bySuite = os.codename === null ? undefined : rowBySuite(relative, os.codename);
    const rebuilt = (REBUILD_OF.get(relative) ?? []).map((id) => rowFor(id, os.versionId));
    const row = bySuite ?? rebuilt.find((each) => each !== undefined && each.reference !== null);
    if (row !== undefined) return { row, standIn: `${row.id} ${row.version ?? row.suite}` };
  }
  return { row: undefined };
}

function obstacleTo(question: BaseQuestion, row: BaseImageRow | undefined, platform: string | null): string | null {
  const release = `${question.os.id} ${question.os.versionId ?? ''}`.trim();
  if (row === undefined) return `no base image is known for ${release}`;
  if (row.reference === null) return row.reason ?? `there is no public image of ${release}`;
  if (platform === null || !row.platforms.includes(platform)) {
    return `the public image of ${release} does not exist for ${question.os.architecture ?? 'an unknown architecture'}`;
  }
  if (question.mergedUsr !== null && question.mergedUsr !== row.mergedUsr) {
    return question.mergedUsr
      ? `the machine has /bin merged into /usr, the public image ${row.reference} has not`
      : `the public image ${row.reference} has /bin merged into /usr, the machine has not`;
  }
  return null;
}

function bootstrap(question: BaseQuestion, row: BaseImageRow | undefined, reason: string): BaseChoice | null {
  const suite = row?.suite ?? (question.isDpkg ? question.os.codename : null);
  const archive = row?.deadArchive ?? defaultArchive(question);
  const { architecture } = question.os;
  if (!question.isDpkg || suite === null || suite === undefined || archive === null || architecture === null)
    return null;
  // Codename, architecture and archive may come from the disk.
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(suite) || !/^[a-z0-9-]+$/.test(architecture)) return null;
  return {
    kind: 'bootstrap',
    reference: question.ownTag,
    checked: false,
    reason: `${reason}; a minimal root is bootstrapped`,
    platform: imagePlatform(architecture),
    mergedUsr: question.mergedUsr,
    bootstrap: { suite, archive, components: ['main'], architecture, ...layoutOf(question, row) },
  };
}

/**
 * Merged is always asked for: left to themselves, bootstraps of Debian 12 bring `usrmerge` and with it perl, which the
 * public image has not. Split needs asking for only where it is not the suite's own layout.
 */
function layoutOf(
  { mergedUsr }: BaseQuestion,
  row: BaseImageRow | undefined,
): Pick<NonNullable<BasePlan['bootstrap']>, 'layout'> {
  if (mergedUsr === true) return { layout: 'merged-usr' };
  return mergedUsr === false && row?.mergedUsr !== false ? { layout: 'no-merged-usr' } : {};
}

function scratch(question: BaseQuestion, reason: string): BaseChoice {
  return {
    kind: 'scratch',
    reference: question.ownTag,
    checked: true,
    reason: `${reason}; the base packages are laid down from the disk`,
    platform: imagePlatform(question.os.architecture),
    mergedUsr: question.mergedUsr,
  };
}

function noSuite(question: BaseQuestion): string {
  return question.isDpkg
    ? `no suite is known to bootstrap ${question.os.id} ${question.os.versionId ?? ''} from`
    : 'only the dpkg family is bootstrapped';
}

function defaultArchive({ os, archives }: BaseQuestion): string | null {
  const own = os.codename === null ? null : ownArchive(archives, os.codename);
  return own ?? publicArchive(os);
}

function rowFor(id: string, versionId: string | null): BaseImageRow | undefined {
  const rows = BASE_IMAGES.filter((row) => row.id === id);
  return (
    rows.find((row) => row.version === versionId || versionId?.startsWith(`${row.version}.`) === true) ??
    rows.find((row) => row.version === '*')
  );
}

function rowBySuite(id: string, codename: string): BaseImageRow | undefined {
  return BASE_IMAGES.find((row) => row.id === id && row.suite === codename);
}

/** Only digits and dots of a guest's VERSION_ID get into a reference. */
function fillReference(template: string, versionId: string): string {
  const clean = /^[0-9]+(?:\.[0-9]+)*/.exec(versionId)?.[0] ?? 'latest';
  const parts = clean.split('.');
  return template
    .replace('{version}', clean)
    .replace('{minor}', parts.slice(0, 2).join('.'))
    .replace('{major}', parts[0]!);
}
