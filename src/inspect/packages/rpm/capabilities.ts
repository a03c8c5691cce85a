import type { Relation } from '../../../model/packages.js';
import { rpmRangesOverlap } from '../../../syntax/rpm-version.js';
import type { PackageFacts } from './header/facts.js';

/** Asks what is installed: by name, by what packages provide, or by a file they own. */
export type CapabilityIndex = (relation: Relation) => boolean;

export function indexCapabilities(packages: readonly PackageFacts[]): CapabilityIndex {
  const providers = new Map<string, { readonly relation: Relation; readonly by: PackageFacts }[]>();
  for (const item of packages) {
    for (const relation of item.provides) append(providers, relation.name, { relation, by: item });
  }
  // Packages of rpm 3 do not provide themselves.
  for (const item of packages) {
    append(providers, item.name, { relation: { name: item.name, operator: '=', version: item.version }, by: item });
  }
  let paths: Set<string> | undefined;
  const byPath = (path: string): boolean => {
    paths ??= new Set(packages.flatMap(({ files }) => files.paths()));
    return paths.has(path);
  };

  const satisfies = (by: PackageFacts, wanted: Relation): boolean =>
    (providers.get(wanted.name) ?? []).some((entry) => entry.by === by && rpmRangesOverlap(entry.relation, wanted));

  return (wanted) => {
    const found = (providers.get(wanted.name) ?? []).some(
      ({ relation, by }) =>
        rpmRangesOverlap(relation, wanted) &&
        (wanted.with ?? []).every((other) => satisfies(by, other)) &&
        !(wanted.without ?? []).some((other) => satisfies(by, other)),
    );
    return found || (wanted.name.startsWith('/') && byPath(wanted.name));
  };
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
