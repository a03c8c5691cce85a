import type { OperatingSystem } from '../../model/os.js';
import type { PackageManager } from '../package-managers/index.js';

/** How the managers over rpm are set for one build, where they differ; all else is in `package-managers/`. */
export interface RpmTool {
  /** Options between the program and what it is to do. */
  options(setting: ToolSetting): readonly string[];
  /** Commands before the first installation. */
  prepare(setting: ToolSetting): readonly string[];
  /** Commands that take away what was fetched and logged. */
  readonly clean: readonly string[];
  /** How the shell spells `$bare`, `$version` and `$dotted` (a dot and the architecture, or nothing). */
  readonly exact: string;
  /** The word of its own for going to an older version, where installing one does not do that. */
  readonly downgrade?: string;
}

export interface ToolSetting {
  readonly os: Pick<OperatingSystem, 'id' | 'versionId'>;
  /** Folder of repository files that take the place of the base's, or null. */
  readonly repositories: string | null;
}

const SCRATCH = '/tmp/vm2docker';
const YUM_CONFIGURATION = `${SCRATCH}-yum.conf`;
const ZYPP_CONFIGURATION = `${SCRATCH}-zypp.conf`;
const ZYPPER = 'zypper --non-interactive --gpg-auto-import-keys';

const replaced = ({ repositories }: ToolSetting): string[] =>
  repositories === null ? [] : [`--setopt=reposdir=${repositories}`];

export const RPM_TOOLS: Readonly<Partial<Record<PackageManager['name'], RpmTool>>> = {
  dnf: {
    options: replaced,
    prepare: () => [],
    clean: ['dnf clean all', 'rm -rf /var/cache/dnf /var/cache/libdnf5 /var/log/dnf* /var/log/hawkey.log'],
    exact: '$bare-$version$dotted',
  },
  yum: {
    options: (setting) => (knowsSetopt(setting) ? replaced(setting) : ['-c', YUM_CONFIGURATION]),
    prepare: (setting) => (knowsSetopt(setting) ? [] : yumConfiguration(setting)),
    clean: ['yum clean all', 'rm -rf /var/cache/yum /var/cache/dnf /var/log/yum.log /var/log/dnf* /var/log/hawkey.log'],
    exact: '$bare-$version$dotted',
    downgrade: 'downgrade',
  },
  microdnf: {
    options: replaced,
    prepare: () => [],
    clean: ['microdnf clean all', 'rm -rf /var/cache/yum /var/cache/dnf /var/log/dnf* /var/log/hawkey.log'],
    exact: '$bare-$version$dotted',
  },
  zypper: {
    options: ({ repositories }) => [
      '--gpg-auto-import-keys',
      ...(repositories === null ? [] : ['--reposd-dir', repositories]),
    ],
    prepare: ({ repositories }) => [
      // Images leave documents out by a line of this file; the library takes another one by its environment.
      `if test -e /etc/zypp/zypp.conf; then sed 's/^ *rpm.install.excludedocs.*/rpm.install.excludedocs = no/' /etc/zypp/zypp.conf >${ZYPP_CONFIGURATION}; export ZYPP_CONF=${ZYPP_CONFIGURATION}; fi`,
      `${ZYPPER}${repositories === null ? '' : ` --reposd-dir ${repositories}`} refresh || echo 'some sources cannot be read' >&2`,
    ],
    clean: ['zypper clean --all', 'rm -rf /var/cache/zypp /var/log/zypp /var/log/zypper.log'],
    exact: '$bare$dotted=$version',
  },
  urpmi: {
    options: () => [],
    prepare: () => [`urpmi.update -a || echo 'some sources cannot be read' >&2`],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    exact: '$bare-${version#*:}$dotted',
    clean: ['rm -rf /var/cache/urpmi/* /var/log/urpmi.log'],
  },
};

/** `--setopt` came with yum 3.2.28; Red Hat 5 has 3.2.22. */
export function knowsSetopt({ os }: Pick<ToolSetting, 'os'>): boolean {
  return Number.parseInt(os.versionId ?? '', 10) !== 5;
}

/** The base's own file with documents on, and with other repositories. */
function yumConfiguration({ repositories }: ToolSetting): string[] {
  const more = repositories === null ? '' : ` -e 's|^\\[main\\]|[main]\\nreposdir=${repositories}|'`;
  return [`sed -e '/^ *tsflags/d' -e '/^ *reposdir/d'${more} /etc/yum.conf >${YUM_CONFIGURATION}`];
}
