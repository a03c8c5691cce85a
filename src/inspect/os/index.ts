import { RELEASE_FILES } from './release-files.js';

export { inspectOs, type SystemFindings } from './inspect-os.js';

/** What {@link inspectOs} reads, for `GuestFs.prefetch`: it adds one small program that it finds by itself. */
export const OS_PATHS: readonly string[] = [
  ...RELEASE_FILES.flatMap(({ paths }) => paths),
  '/var/lib/dpkg/status',
  '/etc/apk/arch',
];
