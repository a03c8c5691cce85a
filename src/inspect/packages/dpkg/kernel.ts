import type { PackageFile } from '../../../model/packages.js';

/**
 * Packages that exist for the kernel alone. Modules, headers and build helpers of one kernel are of no use to a
 * container; `linux-libc-dev` (headers of the C library) and `linux-base` are ordinary packages. Firmware is kept: the
 * packages are wanted by others, their files do nothing, and a machine may hand them on (netboot servers do).
 */
const KERNEL_NAMES =
  /^(?:linux-(?:signed-)?(?:image|headers|modules|kbuild|objects|restricted-modules|backports-modules|ubuntu-modules)(?:-|$)|linux-(?:image|modules)-extra-|(?:pve|proxmox)-(?:kernel|headers)-|(?:raspberrypi|rpi)-kernel|kernel-(?:image|headers)-)/;

/** Metapackages that pull a kernel in: `linux-generic`, `linux-aws`, `linux-virtual-hwe-22.04`, … */
const METAPACKAGE_NAMES = /^linux-[a-z]/;

/**
 * @param dependencies Names in Depends and Pre-Depends.
 * @param files Where the package carries a kernel image, whatever its name.
 */
export function isKernelPackage(
  name: string,
  dependencies: Iterable<string>,
  files: readonly Pick<PackageFile, 'path'>[],
): boolean {
  if (KERNEL_NAMES.test(name)) return true;
  if (METAPACKAGE_NAMES.test(name)) {
    for (const dependency of dependencies) {
      if (/^linux-(?:signed-)?(?:image|headers)-/.test(dependency)) return true;
    }
  }
  return files.some(({ path }) => /^\/boot\/(?:vmlinu[xz]|kernel)[^/]*$/.test(path));
}
