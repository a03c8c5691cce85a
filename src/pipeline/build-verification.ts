import { compareSnapshots, type Difference } from '../diff/compare.js';
import { isLeftByRun } from '../diff/delta.js';
import type { MachineSnapshot } from '../diff/machine-snapshot.js';
import { displayPath } from '../model/path.js';
import { EARLY_TIME } from '../syntax/layer-limits.js';
import type { ImageSnapshot } from './build-snapshot.js';

/** What a comparison came to; paths as reports show them. */
export interface Verification {
  readonly verdict: 'identical' | 'different';
  readonly differences: readonly Difference[];
  readonly unrepresentable: readonly { readonly path: string; readonly reason: string }[];
  readonly excluded: readonly { readonly path: string; readonly class: string; readonly reason: string }[];
}

export interface VerificationOptions {
  readonly strictTimes: boolean;
  /** The number of the lowest layer of the delta: times count from there on. */
  readonly deltaFrom: number;
  /** Whether the engine that built it keeps `user.*` attributes. */
  readonly keepsUserAttributes: boolean;
}

/** Compares an image with the machine it was made of (design §8). */
export function verifySnapshot(
  machine: MachineSnapshot,
  image: ImageSnapshot,
  { strictTimes, deltaFrom, keepsUserAttributes }: VerificationOptions,
): Verification {
  const all = compareSnapshots(machine, image.tree, {
    comparesTime: ({ layer, type }) => strictTimes || (layer >= deltaFrom && type !== 'directory'),
  });
  const isLost = ({ path, kind }: Difference): boolean =>
    kind === 'attribute' && !keepsUserAttributes && hasOnlyLostUserAttributes(machine, image, path);
  const isLeft = ({ path, kind }: Difference): boolean => kind === 'extra' && isLeftByRun(path, image.tree.get(path)!);
  const isEarly = ({ path, kind }: Difference): boolean =>
    kind === 'time' && machine.entries.get(path)!.mtime! < 0 && image.tree.get(path)!.mtime === 0;
  const listed = (found: readonly Difference[], reason: string) =>
    found.map(({ path }) => ({ path: displayPath(path), reason }));
  const differences = all.filter((each) => !isLost(each) && !isLeft(each) && !isEarly(each)).map(shown);
  return {
    verdict: differences.length === 0 ? 'identical' : 'different',
    differences,
    unrepresentable: [
      ...machine.unrepresentable.map(({ path, reason }) => ({ path: displayPath(path), reason })),
      ...listed(all.filter(isLost), 'the engine drops user.* attributes when it adds an archive'),
      ...listed(all.filter(isEarly), EARLY_TIME),
      ...listed(all.filter(isLeft), 'the engine leaves it, empty, where it lays its own over it while a command runs'),
    ],
    excluded: machine.excluded.map((each) => ({ ...each, path: displayPath(each.path) })),
  };
}

/** Everything but `user.*` is equal, and of that the image has none. */
function hasOnlyLostUserAttributes(machine: MachineSnapshot, image: ImageSnapshot, path: string): boolean {
  const [wanted, found] = [machine.entries.get(path)!.attributes, image.tree.get(path)!.attributes];
  const others = [...wanted].filter(([name]) => !name.startsWith('user.'));
  return others.length === found.size && others.every(([name, value]) => found.get(name)?.equals(value) === true);
}

function shown(difference: Difference): Difference {
  const text = (value: string | null): string | null => (value === null ? null : displayPath(value));
  return {
    ...difference,
    path: displayPath(difference.path),
    machine: text(difference.machine),
    image: text(difference.image),
  };
}
