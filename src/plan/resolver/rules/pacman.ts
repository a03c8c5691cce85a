import { comparePacmanVersions } from '../../../syntax/pacman-version.js';
import { hasRivals, type ResolverRules, versionHolds } from './resolver-rules.js';

/** libalpm (`_alpm_depcmp`, `resolvedep` of lib/libalpm/deps.c): packages of that name first, then who provides it. */
export const pacmanRules: ResolverRules = {
  satisfiedByName: (relation, { version }) => versionHolds(relation, version, comparePacmanVersions),
  // A name provided without a version satisfies no dependency that has one; one with `=1-64` compares as versions do.
  satisfiedByCapability: (relation, provided) => versionHolds(relation, provided.version, comparePacmanVersions),
  fits: () => true,
  byFile: false,
  isSettled: (_, __, satisfiers) =>
    satisfiers.some(({ how }) => how === 'name') ||
    (satisfiers.every(({ item }) => !hasRivals(item)) &&
      satisfiers.some(({ relation: { name } }) => /\.so(?:\.|$)/.test(name))),
};
