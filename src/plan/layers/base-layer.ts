import { type InstalledPackage, packageIdentity } from '../../model/packages.js';
import { comparePaths } from '../../model/path.js';
import type { LayerPlan } from '../../model/plan.js';
import type { BaseChoice } from '../base/choose-base.js';
import { type MachineFiles, measure, unchangedPaths } from '../files.js';
import { diskLayer, layerId } from './package-layers.js';

/** DI0: laid down from the disk when there is no base; otherwise an image whose size is guessed from its packages. */
export function baseLayer(
  group: string,
  files: readonly MachineFiles[],
  packages: readonly InstalledPackage[],
  choice: BaseChoice,
): LayerPlan {
  const question = { group, parent: '', machines: files, packages, reason: choice.reason };
  if (choice.kind === 'scratch') return diskLayer(question, 'base');
  const first = files[0]!;
  const { size, tar } = measure(
    first,
    packages.flatMap((item) => unchangedPaths(first, item)),
  );
  const sorted = [...packages].sort((a, b) => comparePaths(packageIdentity(a), packageIdentity(b)));
  const around = (value: number) => ({
    predicted: value,
    interval: { low: Math.round(value * 0.9), high: Math.round(value * 1.1) },
  });
  return {
    id: layerId(group, null, 'base', [
      choice.kind,
      choice.kind === 'public' ? choice.reference : '',
      choice.bootstrap?.suite ?? '',
      ...(choice.bootstrap?.sources ?? []),
      ...(choice.bootstrap?.pins ?? []).map((pin) => `${pin.package}=${pin.version}`),
    ]),
    parent: null,
    kind: 'base',
    vms: files.map(({ machine }) => machine.source.name),
    packages: sorted,
    reason: choice.reason,
    size: around(size),
    tar: around(tar),
  };
}
