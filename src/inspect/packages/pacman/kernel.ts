import type { PackageFile } from '../../../model/packages.js';

/** Arch's kernels and the headers that build modules for them; `linux-api-headers` and firmware are ordinary packages. */
const KERNEL_NAME =
  /^linux(?:-(?:lts|zen|hardened|rt|rt-lts|mainline|ck|xanmod|clear|cachyos|aarch64|armv7|rpi|pinephone|[0-9]+))*(?:-(?:headers|docs))?$/;

export function isKernelPackage(name: string, files: readonly PackageFile[]): boolean {
  if (/^linux[0-9]+(?:-headers)?$/.test(name) || KERNEL_NAME.test(name)) return true;
  return files.some(({ path }) => /^(?:\/usr\/lib\/modules\/[^/]+\/vmlinuz|\/boot\/vmlinuz[^/]*)$/.test(path));
}
