import type { ServiceReader } from './context.js';
import { systemd } from './systemd/index.js';

/** Every reader, in order: init systems first, then what they start. */
export const SERVICE_READERS: readonly ServiceReader[] = [systemd];
