import type { ServiceReader } from './context.js';
import { cron } from './cron/index.js';
import { inetd } from './inetd/index.js';
import { managers } from './managers/index.js';
import { openrc } from './openrc/index.js';
import { rcLocal } from './rc-local/index.js';
import { runit } from './runit/index.js';
import { supervisord } from './supervisord/index.js';
import { systemd } from './systemd/index.js';
import { sysvinit } from './sysvinit/index.js';
import { upstart } from './upstart/index.js';

/**
 * Every reader. Init systems come first; those that follow look in what was found for the daemon that they depend on
 * (rc.local before supervisors, since it may start one).
 */
export const SERVICE_READERS: readonly ServiceReader[] = [
  systemd,
  sysvinit,
  upstart,
  openrc,
  rcLocal,
  runit,
  supervisord,
  inetd,
  cron,
  managers,
];
