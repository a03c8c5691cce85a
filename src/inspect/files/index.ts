export { type ClassifiedFiles, classifyFiles } from './classify.js';
export { type ContentReader, contentReader } from './content.js';
export type { ExclusionOptions } from './exclusions.js';

/** What {@link classifyFiles} reads beyond metadata, for `GuestFs.prefetch`. */
export const FILE_PATHS: readonly string[] = ['/etc'];
export { leaveSecretsOut } from './secrets/leave-out.js';
