import type { PortReader } from '../reader.js';
import { apache } from './apache.js';
import { memcached } from './memcached.js';
import { mysql } from './mysql.js';
import { nginx } from './nginx.js';
import { postgresql } from './postgresql.js';
import { redis } from './redis.js';
import { sshd } from './sshd.js';

/** Every server that has a reader; a new one is a file beside this one and a line here. */
export const PORT_READERS: readonly PortReader[] = [apache, memcached, mysql, nginx, postgresql, redis, sshd];
