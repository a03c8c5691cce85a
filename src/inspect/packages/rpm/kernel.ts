import type { PackageFile } from '../../../model/packages.js';
import type { HeaderFiles } from './header/files.js';

/** `kernel`, `kernel-core`, `kernel-desktop-latest`, `kernel-uek-devel`, `kernel-default`, …; SUSE's and Mageia's too. */
const KERNEL_NAME = /^kernel(?:-|$)/;
/** Headers of the C library, programs, firmware and documents carry the name without being the kernel. */
const NO_KERNEL =
  /^kernel-(?:.*-)?(?:headers|tools|tools-libs.*|firmware.*|docs?|docs-html|macros|rpm-macros|srpm-macros|abi-.*|install-tools)$/;

const IMAGE = /^(?:\/boot|(?:\/usr)?\/lib\/modules\/[^/]+)\/vmlinu[xz][^/]*$/;
const MODULES = /^(?:\/usr)?\/lib\/modules\/./;
const AROUND_MODULES =
  /^(?:\/boot\/|\/etc\/(?:depmod\.d|modprobe\.d|dracut\.conf\.d)\/|\/usr\/(?:share\/doc|share\/licenses|lib\/debug)\/|\/usr\/src\/kernels\/)/;

/** Whether nothing in a container needs the package: the kernel, its modules, and what builds modules for it. */
export function isKernelPackage(name: string, files: Iterable<PackageFile> & Pick<HeaderFiles, 'paths'>): boolean {
  if (KERNEL_NAME.test(name)) return !NO_KERNEL.test(name);
  const paths = files.paths();
  if (paths.some((path) => IMAGE.test(path))) return true;
  if (!paths.some((path) => MODULES.test(path))) return false;
  const contents = [...files].filter(({ type, ghost }) => type === 'file' && ghost !== true);
  return (
    contents.some(({ path }) => MODULES.test(path)) &&
    contents.every(({ path }) => MODULES.test(path) || AROUND_MODULES.test(path))
  );
}
