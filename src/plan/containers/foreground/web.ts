import { type ForegroundRow, folder } from './row.js';

/** Web servers, proxies, application servers. */
export const WEB_ROWS: readonly ForegroundRow[] = [
  { programs: ['nginx', 'openresty', 'angie'], form: nginx },
  {
    programs: ['apache2', 'apachectl', 'apache2ctl', 'httpd'],
    form: apache,
    folders: [folder('/run/apache2'), folder('/run/lock/apache2', 'www-data', 'root')],
  },
  { programs: ['lighttpd'], first: ['-D'] },
  { programs: ['caddy'], replace: { start: 'run' } },
  { programs: ['haproxy'], form: haproxy, folders: [folder('/run/haproxy', 'haproxy')], always: true },
  { programs: ['varnishd'], first: ['-F'] },
  // SIGTERM would wait for the clients, half a minute as a rule (shutdown_lifetime).
  { programs: ['squid', 'squid3'], first: ['-N'], stopSignal: 'SIGINT' },
  { programs: ['webfsd'], first: ['-F'], folders: [folder('/run/webfs', 'www-data')] },
  { programs: ['tinyproxy'], first: ['-d'] },
  { programs: ['privoxy'], first: ['--no-daemon'] },
  { programs: ['sockd', 'danted'], drop: ['-D'] },
  { programs: ['php-fpm'], drop: ['-D', '--daemonize'], first: ['-F'], folders: [folder('/run/php', 'www-data')] },
  // SIGTERM would start it anew, unless it was told otherwise.
  {
    programs: ['uwsgi', 'uwsgi-core'],
    dropWithValue: ['--daemonize', '--daemonize2', '-d'],
    last: ['--die-on-term'],
    stopSignal: 'SIGQUIT',
  },
  { programs: ['gunicorn', 'gunicorn3'], drop: ['-D', '--daemon'] },
  { programs: ['puma'], drop: ['-d', '--daemon'] },
  { programs: ['unicorn', 'unicorn_rails'], drop: ['-D', '--daemonize'] },
  { programs: ['thin'], drop: ['-d', '--daemonize'] },
  { programs: ['catalina.sh'], replace: { start: 'run' } },
  { programs: ['startup.sh'], form: tomcatStart },
  { programs: ['jetty.sh'], replace: { start: 'run' } },
  { programs: ['jsvc'], first: ['-nodetach'] },
  { programs: ['java'], drop: ['--daemon'] },
  { programs: ['standalone.sh', 'domain.sh'] },
  { programs: ['envoy', 'traefik'] },
  { programs: ['uvicorn', 'hypercorn', 'daphne', 'node', 'nodejs'] },
  { programs: ['gitea', 'forgejo'] },
  { data: ['/var/lib/docker-registry'], programs: ['docker-registry', 'registry'] },
];

/** `-g` holds directives; one `daemon` alone may stand in all of them. */
function nginx(command: readonly string[]): readonly string[] {
  const kept: string[] = [];
  const directives: string[] = [];
  for (let index = 0; index < command.length; index += 1) {
    if (command[index] === '-g' && index + 1 < command.length) {
      index += 1;
      const rest = command[index]!.split(';').map((item) => item.trim());
      directives.push(...rest.filter((item) => item !== '' && !/^daemon\s/.test(item)));
    } else {
      kept.push(command[index]!);
    }
  }
  return [...kept, '-g', [...directives, 'daemon off'].map((item) => `${item};`).join(' ')];
}

/** Debian's control program sources a file of variables, and stays in between as a shell: the server is run directly. */
function apache(command: readonly string[]): readonly string[] | null {
  const [program, ...words] = command;
  const name = program!.slice(program!.lastIndexOf('/') + 1);
  const options = words.filter((word) => word !== 'start' && word !== '-DFOREGROUND');
  const kept = options.filter(
    (word, index) => !(word === '-k' || (word === '-D' && options[index + 1] === 'FOREGROUND')),
  );
  const rest = kept.filter((word) => word !== 'FOREGROUND');
  if (rest.some((word) => /^(?:stop|restart|graceful|configtest|status)$/.test(word))) return null;
  if (name === 'httpd') return [program!, ...rest, '-DFOREGROUND'];
  if (name === 'apachectl' && !program!.startsWith('/usr/sbin/')) return [program!, ...rest, '-DFOREGROUND'];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
  const script = '. "${APACHE_CONFDIR:-/etc/apache2}/envvars" && exec /usr/sbin/apache2 "$@"';
  return ['/bin/sh', '-c', script, 'apache2', ...rest, '-D', 'FOREGROUND'];
}

function haproxy(command: readonly string[]): readonly string[] {
  const takeover = command.findIndex((word) => word === '-sf' || word === '-st');
  const given = takeover === -1 ? command : command.slice(0, takeover);
  const words = given.filter((word) => word !== '-D' && word !== '-Ds').map((word) => (word === '-Ws' ? '-W' : word));
  // `daemon` in its configuration would send a master into the background too.
  return words.includes('-db') ? words : [...words, '-db'];
}

function tomcatStart(command: readonly string[]): readonly string[] | null {
  const program = command[0]!;
  if (!program.includes('/')) return null;
  return [`${program.slice(0, program.lastIndexOf('/'))}/catalina.sh`, 'run', ...command.slice(1)];
}
