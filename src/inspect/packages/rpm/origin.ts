import type { PackageOrigin, SigningKey } from '../../../model/packages.js';
import type { PackageFacts } from './header/facts.js';

/** Packages that no distribution leaves to others: who signed or built them is the distribution. */
const CORE = new Set(
  `filesystem setup basesystem glibc bash rpm coreutils coreutils-single systemd initscripts aaa_base sles-release
  openSUSE-release centos-release redhat-release fedora-release fedora-release-common rocky-release almalinux-release
  oraclelinux-release system-release mageia-release-common mariner-release`.split(/\s+/),
);

/** Repositories that are the distribution's, as yum and dnf name them. */
const DISTRIBUTION_REPOSITORY =
  /^(?:anaconda.*|base|updates?|os|extras|centosplus|appstream|baseos|crb|powertools|fedora(?:-modular)?|updates-modular|rhel-.*|ol[0-9]_(?:latest|baseos.*|appstream.*)|amzn.*|mariner-official.*|repo-oss|repo-update|repo-non-oss)$/i;

/** Says of each package whose it is: the signing key decides, then vendor and repository; each answer with its reason. */
export function originDecider(
  packages: readonly PackageFacts[],
  keys: readonly SigningKey[],
): (item: PackageFacts, repository: string | undefined) => PackageOrigin {
  const core = packages.filter(({ name }) => CORE.has(name));
  const coreKeys = new Set(core.map(({ signer }) => signer).filter((signer) => signer !== undefined));
  const coreVendor = mostFrequent(core.map(({ vendor }) => vendor));
  const ownerOf = (signer: string): string | undefined => keys.find((key) => sameKey(key.id, signer))?.owner;
  const coreDomains = new Set([...coreKeys].map((signer) => domainOf(ownerOf(signer))));

  return (item, repository) => {
    const { signer, vendor } = item;
    const answer = (
      kind: PackageOrigin['kind'],
      confidence: PackageOrigin['confidence'],
      reason: string,
      whose: string | undefined = vendor,
    ): PackageOrigin => ({ kind, available: null, vendor: whose ?? null, confidence, reason });
    const from = repository === undefined ? '' : `; installed from repository ${repository}`;

    if (signer !== undefined) {
      const owner = ownerOf(signer);
      const shown = owner === undefined ? `key ${signer}` : `key ${signer} of ${owner}`;
      if (coreKeys.has(signer)) {
        return answer('distribution', 'certain', `Signed like the core of the system, with ${shown}${from}.`);
      }
      // A key of its own for each release, or a new one after the old: another key of the same distribution.
      const isSpecial = /\bSIG\b|special interest/i.test(owner ?? '');
      if (vendor !== undefined && vendor === coreVendor && !isSpecial) {
        return answer(
          'distribution',
          'likely',
          `Built by ${vendor} like the core, signed with another ${shown}${from}.`,
        );
      }
      if (owner !== undefined && !isSpecial && domainOf(owner) !== undefined && coreDomains.has(domainOf(owner))) {
        return answer('distribution', 'likely', `Signed with ${shown}, of the domain of the core's key${from}.`);
      }
      const certain = owner !== undefined && coreKeys.size > 0;
      return answer(
        'third-party',
        certain ? 'certain' : 'likely',
        `Signed with ${shown}, unlike the core${from}.`,
        owner,
      );
    }
    if (repository === '@commandline' || repository === '/@commandline') {
      return answer('local', 'certain', 'Installed from a file, and not signed.');
    }
    if (repository !== undefined && DISTRIBUTION_REPOSITORY.test(repository)) {
      return answer('distribution', 'likely', `Not signed${from}.`);
    }
    if (vendor !== undefined && vendor === coreVendor) {
      return answer(
        'distribution',
        coreKeys.size === 0 ? 'likely' : 'guess',
        `Not signed; built by ${vendor} like the core${from}.`,
      );
    }
    if (repository !== undefined && repository !== '@System')
      return answer('third-party', 'likely', `Not signed${from}.`);
    if (vendor !== undefined) return answer('third-party', 'guess', `Not signed; built by ${vendor}, unlike the core.`);
    if (coreKeys.size > 0) return answer('local', 'likely', 'Neither signed nor with a vendor, unlike the core.');
    return answer('unknown', 'guess', 'Nothing on this system is signed, and it names no vendor.');
  };
}

/** rpm names a key by the last 8, 16 or all digits. */
function sameKey(id: string, signer: string): boolean {
  return id.length >= 8 && (id.endsWith(signer) || signer.endsWith(id));
}

function domainOf(owner: string | undefined): string | undefined {
  return /@([A-Za-z0-9.-]{1,255})>/.exec(owner ?? '')?.[1]?.toLowerCase();
}

function mostFrequent(values: readonly (string | undefined)[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, first], [b, second]) => second - first || (a < b ? -1 : 1))[0]?.[0];
}
