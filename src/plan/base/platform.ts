/** Names of architectures: those of package managers, and those of images (OCI image specification, `platform`). */
const PLATFORMS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'linux/amd64'],
  ['x86_64', 'linux/amd64'],
  ['i386', 'linux/386'],
  ['i486', 'linux/386'],
  ['i586', 'linux/386'],
  ['i686', 'linux/386'],
  ['x86', 'linux/386'],
  ['arm64', 'linux/arm64'],
  ['aarch64', 'linux/arm64'],
  ['armel', 'linux/arm/v5'],
  ['armhf', 'linux/arm/v7'],
  ['armv7', 'linux/arm/v7'],
  ['armv7hl', 'linux/arm/v7'],
  ['armv7h', 'linux/arm/v7'],
  ['ppc64el', 'linux/ppc64le'],
  ['ppc64le', 'linux/ppc64le'],
  ['s390x', 'linux/s390x'],
  ['mips64el', 'linux/mips64le'],
  ['riscv64', 'linux/riscv64'],
]);

/** The image platform for an architecture in a package manager's word; null when images have no such name. */
export function imagePlatform(architecture: string | null): string | null {
  return architecture === null ? null : (PLATFORMS.get(architecture) ?? null);
}
