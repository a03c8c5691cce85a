import type { GuestFs } from '../../model/guest-fs.js';
import type { Kernel } from '../../model/os.js';
import { joinPath } from '../../model/path.js';

const MAX_KERNELS = 200;

/** Every kernel that the machine could boot or has modules for, oldest first. */
export function findKernels(fs: GuestFs): Kernel[] {
  const kernels = new Map<string, Kernel>();
  const add = (version: string | undefined, path: string): void => {
    if (version !== undefined && !kernels.has(version)) kernels.set(version, { version, evidence: { path } });
  };
  for (const name of fs.list('/boot')) {
    add(/^(?:vmlinu[xz]|kernel|kernel-genkernel-\w+|bzImage)-(\d[\w.+~-]*)$/.exec(name)?.[1], joinPath('/boot', name));
  }
  for (const name of fs.list('/lib/modules')) {
    const folder = joinPath('/lib/modules', name);
    // A folder that a removed kernel left behind has no list of modules any more.
    if (
      /^\d[\w.+~-]*$/.test(name) &&
      (fs.exists(joinPath(folder, 'modules.order')) || fs.exists(joinPath(folder, 'kernel')))
    ) {
      add(name, fs.stat(folder)?.path ?? folder);
    }
  }
  return [...kernels.values()].slice(0, MAX_KERNELS).sort((a, b) => compareKernels(a.version, b.version));
}

/** By the numbers in the versions, the first that differs; then as text. */
export function compareKernels(a: string, b: string): number {
  const left = numbersOf(a);
  const right = numbersOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? -1) - (right[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first two numbers, `[3, 13]` of `3.13.0-24-generic`; null for what is no version. */
export function kernelRelease(version: string): readonly [number, number] | null {
  const match = /^(\d{1,4})\.(\d{1,4})(?:\D|$)/.exec(version);
  return match === null ? null : [Number(match[1]), Number(match[2])];
}

function numbersOf(version: string): number[] {
  return (version.match(/\d+/g) ?? []).map(Number);
}
