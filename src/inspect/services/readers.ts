import type { ServiceReader } from './context.js';
import { systemd } from './systemd/index.js';
import { sysvinit } from './sysvinit/index.js';

/** Every reader, in order: init systems first, then what they start. */
export const SERVICE_READERS: readonly ServiceReader[] = [systemd, sysvinit];
