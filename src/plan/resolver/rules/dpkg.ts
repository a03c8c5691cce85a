import { compareDpkgVersions } from '../../../syntax/dpkg-version.js';
import { type ResolverRules, versionHolds } from './resolver-rules.js';

/** deb-control(5), and apt's choices (apt-pkg/depcache.cc, MarkInstall). */
export function dpkgRules(nativeArchitecture: string | null): ResolverRules {
  return {
    satisfiedByName: (relation, { version }) => versionHolds(relation, version, compareDpkgVersions),
    // A versioned relation is never satisfied by an unversioned Provides.
    satisfiedByCapability: (relation, { version }) => versionHolds(relation, version, compareDpkgVersions),
    fits: architectureFits(nativeArchitecture),
    byFile: false,
    /**
     * The first installable alternative is taken, and of a virtual package some provider: settled is what names a real
     * package first. Debian gives each `default-…` virtual package exactly one provider (policy, list of virtual names).
     */
    isSettled(dependent, [first], satisfiers) {
      const ofFirst = satisfiers.filter(({ relation }) => relation === first);
      const real = ofFirst.filter(({ how }) => how === 'name');
      const isOwn = real.some(
        ({ item: { architecture } }) =>
          architecture === dependent.architecture || architecture === 'all' || dependent.architecture === 'all',
      );
      return isOwn || (first!.name.startsWith('default-') && real.length === 0 && ofFirst.length === 1);
    },
  };
}

/** The multi-arch rules of deb-control(5), field `Multi-Arch`, and of qualifiers in relations. */
function architectureFits(native: string | null): ResolverRules['fits'] {
  const actual = (architecture: string): string => (architecture === 'all' ? (native ?? 'all') : architecture);
  return (dependent, relation, candidate) => {
    if (candidate.multiArch === 'foreign') return true;
    const wanted = relation.architecture;
    if (wanted === 'any')
      return candidate.multiArch === 'allowed' || actual(candidate.architecture) === actual(dependent.architecture);
    if (wanted === 'native') return actual(candidate.architecture) === (native ?? actual(candidate.architecture));
    return actual(candidate.architecture) === actual(wanted ?? dependent.architecture);
  };
}
