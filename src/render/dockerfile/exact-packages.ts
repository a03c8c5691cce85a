import type { InstallPlan } from '../../model/plan.js';
import type { ExactPackage } from '../package-managers/index.js';

/** What the plan names, with the versions that its pins give; the architecture only where it is a foreign one. */
export function namedPackages(plan: InstallPlan): ExactPackage[] {
  const versions = new Map(
    plan.pins.flatMap(({ packages, version }) => packages.map((name) => [name, version] as const)),
  );
  return plan.named.map((full) => {
    const [name, architecture] = full.split(':') as [string, string | undefined];
    return { name, version: versions.get(full) ?? null, architecture: architecture ?? null };
  });
}
