import type { ImageFiles } from '../image-files.js';
import { type ForegroundRow, folder } from './row.js';

/** Databases, caches, queues, search. */
export const DATA_ROWS: readonly ForegroundRow[] = [
  {
    programs: ['pg_ctlcluster'],
    form: postgresqlCluster,
    user: 'postgres',
    stopSignal: 'SIGINT',
    folders: [folder('/run/postgresql', 'postgres', 'postgres', 0o2775)],
  },
  {
    programs: ['pg_ctl'],
    form: postgresqlControl,
    user: 'postgres',
    stopSignal: 'SIGINT',
    folders: [folder('/run/postgresql', 'postgres')],
  },
  // SIGTERM would wait for every client to leave (PostgreSQL manual, 19.5 Shutting Down the Server).
  {
    data: ['/var/lib/postgresql', '/var/lib/pgsql'],
    programs: ['postgres', 'postmaster'],
    stopSignal: 'SIGINT',
    folders: [folder('/run/postgresql', 'postgres', 'postgres', 0o2775)],
  },
  {
    data: ['/var/lib/mysql'],
    programs: ['mysqld', 'mariadbd'],
    drop: ['-D', '--daemonize'],
    folders: [folder('/run/mysqld', 'mysql', 'root')],
  },
  {
    data: ['/var/lib/mysql'],
    programs: ['mysqld_safe', 'mariadbd-safe'],
    form: mysqlServer,
    always: true,
    folders: [folder('/run/mysqld', 'mysql', 'root')],
  },
  {
    data: ['/var/lib/mongodb', '/var/lib/mongo'],
    programs: ['mongod', 'mongos'],
    drop: ['--fork'],
    environment: { MONGODB_CONFIG_OVERRIDE_NOFORK: '1' },
  },
  {
    data: ['/var/lib/redis', '/var/lib/valkey'],
    programs: ['redis-server', 'redis-sentinel', 'valkey-server', 'valkey-sentinel', 'keydb-server'],
    dropWithValue: ['--daemonize', '--supervised'],
    last: ['--daemonize', 'no', '--supervised', 'no'],
    folders: [folder('/run/redis', 'redis')],
    always: true,
  },
  { programs: ['start-memcached'], form: debianMemcached },
  { programs: ['memcached'], drop: ['-d', '--daemon'], folders: [folder('/run/memcached', 'memcache')] },
  {
    data: ['/var/lib/ldap', '/etc/ldap/slapd.d', '/etc/openldap/slapd.d'],
    programs: ['slapd'],
    first: ['-d', '0'],
    folders: [folder('/run/slapd', 'openldap')],
  },
  { data: ['/var/lib/rabbitmq'], programs: ['rabbitmq-server'], drop: ['-detached'] },
  {
    data: ['/var/lib/mosquitto'],
    programs: ['mosquitto'],
    drop: ['-d', '--daemon'],
    folders: [folder('/run/mosquitto', 'mosquitto')],
  },
  { programs: ['beanstalkd'], drop: ['-d'] },
  {
    data: ['/var/lib/elasticsearch', '/var/lib/opensearch'],
    programs: ['elasticsearch', 'opensearch'],
    drop: ['-d', '--daemonize'],
  },
  { programs: ['kafka-server-start.sh', 'zookeeper-server-start.sh'], drop: ['-daemon'] },
  { programs: ['zkServer.sh'], replace: { start: 'start-foreground' } },
  { programs: ['activemq'], replace: { start: 'console' } },
  { programs: ['cassandra'], first: ['-f'] },
  { programs: ['couchdb'], drop: ['-b'] },
  { programs: ['neo4j'], replace: { start: 'console' } },
  { programs: ['solr'], last: ['-f'] },
  { data: ['/var/lib/influxdb'], programs: ['influxd'] },
  { programs: ['nats-server', 'gnatsd'] },
  { data: ['/var/lib/etcd'], programs: ['etcd'] },
  { programs: ['consul', 'vault', 'nomad', 'bao'] },
  { programs: ['minio'] },
  { programs: ['carbon-cache.py', 'carbon-cache', 'carbon-relay.py'], first: ['--nodaemon'] },
];

/** Options of mysqld_safe(1) that the server does not know. */
const SAFE_ONLY =
  /^--(?:ledir|mysqld|mysqld-version|mariadbd|nice|core-file-size|malloc-lib|skip-kill-mysqld|no-watch|syslog|skip-syslog|syslog-tag|timezone)(?:=|$)/;

/** mysqld_safe ignores the signals that stop a container; what it does beside restarting is to change the user. */
function mysqlServer(command: readonly string[], image: ImageFiles | null): readonly string[] {
  const server = image?.program('mariadbd', 'mysqld') ?? null;
  if (server === null) return command;
  const kept = command.slice(1).filter((word) => !SAFE_ONLY.test(word));
  return [server, ...(kept.some((word) => /^(?:--user(?:=|$)|-u)/.test(word)) ? [] : ['--user=mysql']), ...kept];
}

/** Two scripts of Debian read the same file of options; the one for systemd drops what sends it to the background. */
function debianMemcached(command: readonly string[]): readonly string[] {
  return [command[0]!.replace(/start-memcached$/, 'systemd-memcached-wrapper'), ...command.slice(1, 2)];
}

/**
 * pg_ctlcluster(1) `[options] VERSION CLUSTER start` or `VERSION-CLUSTER start`. `-D` may name the folder of the
 * configuration: `data_directory` in it then says where the data are (PostgreSQL manual, 20.2 File Locations).
 */
function postgresqlCluster(command: readonly string[]): readonly string[] | null {
  const words = command.slice(1).filter((word) => !word.startsWith('-'));
  if (words.at(-1) !== 'start') return null;
  const match = words.length === 3 ? [null, words[0], words[1]] : /^([0-9.]+)-(.+)$/.exec(words[0] ?? '');
  const version = match?.[1] ?? '';
  const cluster = match?.[2] ?? '';
  if (!/^[0-9.]{1,8}$/.test(version) || !/^[\w.-]{1,100}$/.test(cluster)) return null;
  return [`/usr/lib/postgresql/${version}/bin/postgres`, '-D', `/etc/postgresql/${version}/${cluster}`];
}

/** pg_ctl(1): the server lies beside it, and takes the same `-D`; `-o` holds options of the server. */
function postgresqlControl(command: readonly string[]): readonly string[] | null {
  const program = command[0]!;
  const at = command.indexOf('-D');
  const folderOfData = at === -1 ? undefined : command[at + 1];
  if (!program.includes('/') || folderOfData === undefined || !command.includes('start')) return null;
  const options = command.indexOf('-o');
  const extra = options === -1 ? [] : (command[options + 1] ?? '').split(/\s+/).filter((word) => word !== '');
  if (extra.some((word) => /['"\\]/.test(word))) return null;
  return [`${program.slice(0, program.lastIndexOf('/'))}/postgres`, '-D', folderOfData, ...extra];
}
