import type { LayerPlan, MachineMetrics } from '../model/plan.js';

/**
 * The thesis's figures for one machine (5.2.1): DI0 the base, DI1 what at least two machines share, DI2 the package
 * layers of this machine alone, DI3 its delta. A machine that is alone in its group has its package layers as DI1, as
 * in tables 5.4 and 5.5.
 * @param beta Bytes of the bare machine.
 * @param sizeOf Bytes of a layer: predicted, or as built.
 */
export function machineMetrics(
  question: {
    readonly vm: string;
    readonly basis: MachineMetrics['basis'];
    readonly beta: number;
    readonly chain: readonly LayerPlan[];
    readonly groupSize: number;
  },
  sizeOf: (layer: LayerPlan) => number,
): MachineMetrics {
  const sum = (wanted: (layer: LayerPlan) => boolean): number =>
    question.chain.filter(wanted).reduce((total, layer) => total + sizeOf(layer), 0);
  const isMiddle = (layer: LayerPlan): boolean => layer.kind === 'packages' || layer.kind === 'files';
  const isShared = (layer: LayerPlan): boolean => layer.vms.length > 1 || question.groupSize === 1;
  const di0 = sum((layer) => layer.kind === 'base');
  const di1 = sum((layer) => isMiddle(layer) && isShared(layer));
  const di2 = sum((layer) => isMiddle(layer) && !isShared(layer));
  const di3 = sum((layer) => layer.kind === 'delta');
  const { beta } = question;
  return {
    vm: question.vm,
    basis: question.basis,
    beta,
    di0,
    di1,
    di2,
    di3,
    phi3: di0 + di1 + di2 + di3,
    chi: beta === 0 ? 0 : 100 * (1 - di3 / beta),
    xi: beta <= di3 ? null : Math.ceil((di0 + di1 + di2) / (beta - di3)),
  };
}
