import type { BuildKey, InstallPlan } from '../../model/plan.js';
import { commandWithList, runWord } from './quote.js';

/**
 * How apt is told what to install: by files below /tmp that options of the command name, so that the base keeps its own
 * configuration and nothing stays. The Dockerfile and the questions to a base use the same.
 */

export const SCRATCH = '/tmp/vm2docker';
const PINS = `${SCRATCH}-pins`;
const TRUSTED = '/etc/apt/trusted.gpg.d';
const OFFERED = `${SCRATCH}-offered`;
const SOURCES = `${SCRATCH}-sources`;

export function aptSetup(plan: InstallPlan): string[] {
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    `: >${PINS}`,
    `: >${SOURCES}`,
    ...plan.foreignArchitectures.map((architecture) => `dpkg --add-architecture ${runWord(architecture)}`),
    ...(plan.keys ?? []).flatMap(keyCommands),
    ...(plan.sources ?? []).map((line) => `printf '%s\\n' ${runWord(line)} >>${SOURCES}`),
  ];
}

/**
 * Exact versions; priorities above 1000 allow older ones (apt_preferences(5)). A plan that was made without asking pins
 * what the sources turn out to offer.
 */
export function aptPins(plan: InstallPlan): string[] {
  const write = `printf 'Package: %s\\nPin: version %s\\nPin-Priority: 1001\\n\\n' "$name" "$version" >>${PINS}`;
  const filter = plan.isChecked === true ? '' : `grep -qF " $name | $version |" ${OFFERED} || continue; `;
  const names = plan.pins.flatMap(({ packages }) => packages);
  return [
    ...(plan.isChecked === true ? [] : [commandWithList(`${aptCache(plan)} madison >${OFFERED}`, names)]),
    `pin() { version=$1; shift; for name; do ${filter}${write}; done; }`,
    ...plan.pins.map(({ version, packages }) => `pin ${[version, ...packages].map(runWord).join(' ')}`),
  ];
}

/** Parsers of Dockerfiles bound the length of a line. */
const CHUNK = 1000;

function keyCommands({ file, content, isTrusted }: BuildKey): string[] {
  const place = isTrusted ? `${TRUSTED}/${file}` : `/tmp/${file}`;
  const chunks = content.toString('base64').match(new RegExp(`.{1,${CHUNK}}`, 'g')) ?? [];
  return [
    `: >${SCRATCH}-base64`,
    ...chunks.map((chunk) => `printf %s ${runWord(chunk)} >>${SCRATCH}-base64`),
    `base64 -d ${SCRATCH}-base64 >${place}`,
    `chmod 644 ${place}`,
  ];
}

/** Takes the keys away that count for every source; the others lie below /tmp. */
export function dropKeys(plan: InstallPlan): string[] {
  const trusted = (plan.keys ?? []).filter(({ isTrusted }) => isTrusted);
  return trusted.length === 0 ? [] : [`rm -f ${trusted.map(({ file }) => `${TRUSTED}/${file}`).join(' ')}`];
}

/** The command with its options, for a sub-command behind it. */
export function aptGet(plan: InstallPlan): string {
  return `apt-get -qy ${aptOptions(plan)}`;
}

export function aptCache(plan: InstallPlan): string {
  return `apt-cache ${aptOptions(plan)}`;
}

/** `apt-get install` as the layer does it, without the names. */
export function aptInstall(plan: InstallPlan): string {
  return `${aptGet(plan)} --no-install-recommends --allow-downgrades --allow-change-held-packages install`;
}

/** Without the pins, whatever the sources have. */
export function dropPins(): string {
  return `: >${PINS}`;
}

/** Where files of packages are mounted: a folder that every base has, so that no mount point stays. */
export const DEBS_MOUNT = '/mnt';

/** The secret with what the archives ask for, in the form of apt_auth.conf(5), and where commands see it. */
export const CREDENTIALS_SECRET = 'apt-credentials';
export const CREDENTIALS_MOUNT = `/run/secrets/${CREDENTIALS_SECRET}`;

/** Sets what is installed as the arguments of the shell, `"$@"`: names, and files of packages. */
export function setNames(names: readonly string[], debs: InstallPlan['debs'] = []): string {
  return commandWithList('set --', [...names, ...debs.map(({ file }) => `${DEBS_MOUNT}/${file}`)]);
}

function aptOptions(plan: InstallPlan): string {
  const { sources } = plan;
  return [
    `-o Dir::Etc::Preferences=${PINS}`,
    '-o Acquire::Languages=none',
    '-o Acquire::Retries=3',
    // Old archives expire; their signatures count all the same.
    '-o Acquire::Check-Valid-Until=false',
    '-o Dpkg::Options::=--force-confnew',
    // A build that is interrupted starts again: no file needs to reach the disk before the next.
    '-o Dpkg::Options::=--force-unsafe-io',
    "-o 'Dpkg::Options::=--path-include=*'",
    ...(plan.hasCredentials === true ? [`-o Dir::Etc::netrc=${CREDENTIALS_MOUNT}`] : []),
    ...(sources === null ? [] : [`-o Dir::Etc::SourceList=${SOURCES}`, '-o Dir::Etc::SourceParts=-']),
  ].join(' ');
}
