import type { Relation } from '../../../model/packages.js';
import { apkVersionBegins, compareApkVersions } from '../../../syntax/apk-version.js';
import { hasRivals, type ResolverRules, type Satisfier, versionHolds } from './resolver-rules.js';

/** apk-world(5), apk-package(5): names are concrete with a version and virtual without; a virtual one decides nothing. */
export const apkRules: ResolverRules = {
  satisfiedByName: (relation, { version }) => holds(relation, version),
  satisfiedByCapability: (relation, { version }) => holds(relation, version),
  fits: () => true,
  byFile: false,
  isSettled: (_, __, satisfiers) =>
    satisfiers.every(({ item }) => !hasRivals(item)) && satisfiers.some((satisfier) => isCertain(satisfier)),
};

function isCertain({ relation: { name }, how }: Satisfier): boolean {
  // `cmd:` is provided by every package with a program of that name, busybox before others.
  return how === 'name' || /^(?:so|pc|py3(?:\.[0-9]+)?|perl|ocaml[0-9a-z-]*):/.test(name);
}

/** `~1.2` takes every version that begins so, `>~1.2` those and newer ones. */
function holds(relation: Relation, version: string | undefined): boolean {
  if (relation.prefix === true) {
    return version !== undefined && relation.version !== undefined && apkVersionBegins(version, relation.version);
  }
  return versionHolds(relation, version, compareApkVersions);
}
