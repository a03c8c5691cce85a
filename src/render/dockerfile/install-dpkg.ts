import type { InstallPlan } from '../../model/plan.js';
import { commandWithList, runWord } from './quote.js';

const PINS = '/tmp/vm2docker-pins';
const SOURCES = '/tmp/vm2docker-sources';
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_IS_OURS = '/tmp/vm2docker-policy';

/**
 * The commands of a RUN that installs with apt. Nothing of it stays: pins and sources are files below /tmp of this RUN
 * (options of the build, so the machine's own preferences are untouched), services are kept from starting by a
 * policy-rc.d that goes again, and what official images strip (dpkg `path-exclude`) is switched back on.
 */
export function dpkgInstallCommands(plan: InstallPlan): string[] {
  const apt = `apt-get -qy ${aptOptions(plan).join(' ')}`;
  const install = `${apt} --no-install-recommends --allow-downgrades install`;
  return [
    'export DEBIAN_FRONTEND=noninteractive',
    `test -e ${POLICY} || { printf '#!/bin/sh\\nexit 101\\n' >${POLICY}; chmod 755 ${POLICY}; touch ${POLICY_IS_OURS}; }`,
    ...plan.foreignArchitectures.map((architecture) => `dpkg --add-architecture ${runWord(architecture)}`),
    ...(plan.sources ?? []).map((line) => `printf '%s\\n' ${runWord(line)} >>${SOURCES}`),
    `pin() { printf 'Package: %s\\nPin: version %s\\nPin-Priority: 1001\\n\\n' "$2" "$1" >>${PINS}; }`,
    ...plan.pins.map(({ version, packages }) => `pin ${runWord(version)} ${runWord(packages.join(' '))}`),
    `${apt} update`,
    commandWithList('set --', plan.named),
    // One version that is gone while its siblings are pinned makes the whole list uninstallable.
    `${install} -s "$@" >/dev/null || { echo 'exact versions cannot be had together: installing without pins' >&2; : >${PINS}; }`,
    `${install} "$@"`,
    ...(plan.remove.length === 0 ? [] : [commandWithList('dpkg --purge --force-depends', plan.remove)]),
    `if test -e ${POLICY_IS_OURS}; then rm -f ${POLICY}; fi`,
    'apt-get clean',
    `rm -rf /tmp/vm2docker-* /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log`,
  ];
}

function aptOptions(plan: InstallPlan): string[] {
  return [
    `-o Dir::Etc::Preferences=${PINS}`,
    '-o Dpkg::Options::=--force-confnew',
    "-o 'Dpkg::Options::=--path-include=*'",
    ...(plan.sources === null ? [] : [`-o Dir::Etc::SourceList=${SOURCES}`, '-o Dir::Etc::SourceParts=-']),
  ];
}
