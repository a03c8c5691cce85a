import type { PackageFile } from '../../../model/packages.js';

/** Alpine's kernels are named for their use; `linux-pam`, `linux-headers` (of the C library) and firmware are not. */
const KERNEL_NAME =
  /^linux-(?:lts|virt|virtgrsec|vanilla|hardened|grsec|stable|edge|rpi[0-9]?|rt|asahi|openpax|gru|postmarketos-[a-z0-9-]+)(?:-dev)?$/;

export function isKernelPackage(name: string, files: readonly PackageFile[]): boolean {
  return KERNEL_NAME.test(name) || files.some(({ path }) => /^\/boot\/vmlinuz[^/]*$/.test(path));
}
