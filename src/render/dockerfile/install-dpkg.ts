import type { InstallPlan } from '../../model/plan.js';
import { accountCommands } from './accounts.js';
import { aptGet, aptInstall, aptPins, aptSetup, dropKeys, dropPins, SCRATCH, setNames } from './apt-setting.js';
import { commandWithList } from './quote.js';

const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_IS_OURS = `${SCRATCH}-policy`;
const INITCTL = '/sbin/initctl';
const INITCTL_IS_OURS = `${SCRATCH}-initctl`;

/**
 * The commands of a RUN that installs with apt. Nothing of it stays: pins and sources are files below /tmp of this RUN
 * (options of the build, so the machine's own preferences are untouched), services are kept from starting by a
 * policy-rc.d that goes again, and what official images strip (dpkg `path-exclude`) is switched back on.
 */
export function dpkgInstallCommands(plan: InstallPlan): string[] {
  return [
    ...noServices(plan),
    ...aptSetup(plan),
    ...accountCommands(plan.accounts ?? { users: [], groups: [] }),
    // What a source that is gone would have had is missed by the installation, if it is missed at all.
    `${aptGet(plan)} update || echo 'some sources cannot be read' >&2`,
    ...aptPins(plan),
    setNames(plan.named, plan.debs),
    ...(plan.isChecked === true ? [] : [orWithoutPins(plan)]),
    `${aptInstall(plan)} "$@"`,
    `${aptGet(plan)} clean`,
    ...purge(plan.remove),
    ...servicesAgain(),
    ...dropKeys(plan),
    ...removal([...(plan.trimmed ?? []), ...(plan.oversized ?? [])]),
    `rm -rf ${SCRATCH}-* /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log`,
  ];
}

/** What does not go (a script that fails, a package that dpkg protects) has its files removed by the delta. */
function purge(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`${commandWithList('dpkg --purge --force-depends', names)} || echo 'not all of these could be removed' >&2`];
}

function removal(paths: readonly string[]): string[] {
  return paths.length === 0 ? [] : [commandWithList('rm -rf --', paths)];
}

/** One version that is gone while its siblings are pinned makes the whole list uninstallable. */
function orWithoutPins(plan: InstallPlan): string {
  const complaint = "echo 'exact versions cannot be had together: installing without pins' >&2";
  return `${aptInstall(plan)} -s "$@" >/dev/null || { ${complaint}; ${dropPins()}; }`;
}

/** invoke-rc.d and deb-systemd-invoke ask policy-rc.d; jobs of Upstart are started by initctl, which nobody asks. */
function noServices(plan: InstallPlan): string[] {
  const bringsUpstart = plan.pins.some(({ packages }) => packages.includes('upstart'));
  return [
    `test -e ${POLICY} || { printf '#!/bin/sh\\nexit 101\\n' >${POLICY}; chmod 755 ${POLICY}; touch ${POLICY_IS_OURS}; }`,
    `${bringsUpstart ? '' : `test ! -x ${INITCTL} || `}{ dpkg-divert --local --rename --add ${INITCTL} >/dev/null; ln -sf /bin/true ${INITCTL}; touch ${INITCTL_IS_OURS}; }`,
  ];
}

function servicesAgain(): string[] {
  return [
    `if test -e ${POLICY_IS_OURS}; then rm -f ${POLICY}; fi`,
    `if test -e ${INITCTL_IS_OURS}; then rm -f ${INITCTL}; dpkg-divert --local --rename --remove ${INITCTL} >/dev/null; fi`,
  ];
}
