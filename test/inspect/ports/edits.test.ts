import test from 'ava';
import { memoryGuest } from '../../../src/guest/memory/memory-guest.js';
import { portsOf, service, withoutEvidence } from './service.js';

type Files = Readonly<Record<string, string | { target: string }>>;

interface Server {
  readonly command: readonly string[];
  readonly unit?: string;
  /** What is edited → the files then, and where the server listens. */
  readonly edits: Readonly<Record<string, readonly [files: Files, ports: readonly string[]]>>;
}

const NGINX = 'http { include /etc/nginx/conf.d/*.conf; include /etc/nginx/sites-enabled/*; }\n';
const APACHE = 'Include ports.conf\nIncludeOptional sites-enabled/*.conf\n';
const TOMCAT = (connectors: string): string =>
  `<Server port="-1"><Service name="Catalina">${connectors}</Service></Server>\n`;
const CONNECTOR = (port: number): string => `<Connector port="${port}" protocol="HTTP/1.1"/>`;
const MASTER = 'smtp inet n - y - - smtpd\n';

const SERVERS: Readonly<Record<string, Server>> = {
  nginx: {
    command: ['/usr/sbin/nginx'],
    edits: {
      changed: [{ '/etc/nginx/nginx.conf': 'http { server { listen 8080; } }' }, ['tcp 0.0.0.0:8080']],
      commented: [{ '/etc/nginx/nginx.conf': 'http { server {\n#listen 8080;\nlisten 81;\n} }' }, ['tcp 0.0.0.0:81']],
      included: [
        { '/etc/nginx/nginx.conf': NGINX, '/etc/nginx/conf.d/a.conf': 'server { listen 127.0.0.1:82; }' },
        ['tcp 127.0.0.1:82'],
      ],
      disabled: [{ '/etc/nginx/nginx.conf': NGINX, '/etc/nginx/sites-available/a': 'server { listen 83; }' }, []],
    },
  },
  apache: {
    command: ['/usr/sbin/apache2', '-k', 'start'],
    edits: {
      changed: [{ '/etc/apache2/apache2.conf': APACHE, '/etc/apache2/ports.conf': 'Listen 8081\n' }, ['tcp *:8081']],
      commented: [
        { '/etc/apache2/apache2.conf': APACHE, '/etc/apache2/ports.conf': '#Listen 8081\nListen 80\n' },
        ['tcp *:80'],
      ],
      included: [
        {
          '/etc/apache2/apache2.conf': APACHE,
          '/etc/apache2/ports.conf': '',
          '/etc/apache2/sites-enabled/a.conf': 'Listen 127.0.0.1:84\n',
        },
        ['tcp 127.0.0.1:84'],
      ],
      disabled: [
        {
          '/etc/apache2/apache2.conf': APACHE,
          '/etc/apache2/ports.conf': 'Listen 80\n',
          '/etc/apache2/sites-available/a.conf': 'Listen 85\n',
        },
        ['tcp *:80'],
      ],
    },
  },
  redis: {
    command: ['/usr/bin/redis-server', '/etc/redis/redis.conf'],
    edits: {
      changed: [{ '/etc/redis/redis.conf': 'bind 127.0.0.1\nport 6390\n' }, ['tcp 127.0.0.1:6390']],
      commented: [{ '/etc/redis/redis.conf': 'bind 127.0.0.1\n# port 6390\n' }, ['tcp 127.0.0.1:6379']],
      included: [
        {
          '/etc/redis/redis.conf': 'include /etc/redis/own.conf\n',
          '/etc/redis/own.conf': 'bind 127.0.0.1\nport 6391\n',
        },
        ['tcp 127.0.0.1:6391'],
      ],
    },
  },
  postfix: {
    command: ['/usr/sbin/postmulti', '-i', '-', '-p', 'start'],
    unit: 'postfix@-.service',
    edits: {
      changed: [
        {
          '/etc/postfix/main.cf': 'inet_interfaces = loopback-only\ninet_protocols = ipv4\n',
          '/etc/postfix/master.cf': MASTER,
        },
        ['tcp 127.0.0.1:25'],
      ],
      commented: [
        { '/etc/postfix/main.cf': '', '/etc/postfix/master.cf': `${MASTER}#2525 inet n - y - - smtpd\n` },
        ['tcp *:25'],
      ],
      added: [{ '/etc/postfix/main.cf': '', '/etc/postfix/master.cf': '2525 inet n - y - - smtpd\n' }, ['tcp *:2525']],
    },
  },
  haproxy: {
    command: ['/usr/sbin/haproxy', '-Ws', '-f', '/etc/haproxy/haproxy.cfg'],
    edits: {
      changed: [{ '/etc/haproxy/haproxy.cfg': 'frontend a\n bind 127.0.0.1:8404\n' }, ['tcp 127.0.0.1:8404']],
      commented: [{ '/etc/haproxy/haproxy.cfg': 'frontend a\n #bind :8404\n bind :8405\n' }, ['tcp 0.0.0.0:8405']],
    },
  },
  squid: {
    command: ['/usr/sbin/squid', '-sYC'],
    edits: {
      changed: [{ '/etc/squid/squid.conf': 'http_port 3129\n' }, ['tcp *:3129']],
      commented: [{ '/etc/squid/squid.conf': '#http_port 3129\nhttp_port 127.0.0.1:3128\n' }, ['tcp 127.0.0.1:3128']],
      included: [
        {
          '/etc/squid/squid.conf': 'include /etc/squid/conf.d/*.conf\n',
          '/etc/squid/conf.d/a.conf': 'http_port 3130\n',
        },
        ['tcp *:3130'],
      ],
    },
  },
  vsftpd: {
    command: ['/usr/sbin/vsftpd', '/etc/vsftpd.conf'],
    edits: {
      changed: [{ '/etc/vsftpd.conf': 'listen=YES\nlisten_port=2121\n' }, ['tcp 0.0.0.0:2121']],
      commented: [{ '/etc/vsftpd.conf': 'listen=YES\n#listen_port=2121\n' }, ['tcp 0.0.0.0:21']],
    },
  },
  tomcat: {
    command: ['/bin/sh', '/usr/libexec/tomcat10/tomcat-start.sh'],
    unit: 'tomcat10.service',
    edits: {
      changed: [{ '/etc/tomcat10/server.xml': TOMCAT(CONNECTOR(8180)) }, ['tcp *:8180']],
      commented: [
        { '/etc/tomcat10/server.xml': TOMCAT(`<!-- ${CONNECTOR(8180)} -->${CONNECTOR(8181)}`) },
        ['tcp *:8181'],
      ],
    },
  },
  unbound: {
    command: ['/usr/sbin/unbound', '-d', '-p'],
    edits: {
      changed: [
        { '/etc/unbound/unbound.conf': 'server:\n interface: 127.0.0.1\n port: 5300\n' },
        ['tcp 127.0.0.1:5300', 'udp 127.0.0.1:5300'],
      ],
      commented: [
        { '/etc/unbound/unbound.conf': 'server:\n interface: 127.0.0.1\n #port: 5300\n' },
        ['tcp 127.0.0.1:53', 'udp 127.0.0.1:53'],
      ],
    },
  },
  mosquitto: {
    command: ['/usr/sbin/mosquitto', '-c', '/etc/mosquitto/mosquitto.conf'],
    edits: {
      changed: [{ '/etc/mosquitto/mosquitto.conf': 'listener 1884\n' }, ['tcp *:1884']],
      included: [
        {
          '/etc/mosquitto/mosquitto.conf': 'include_dir /etc/mosquitto/conf.d\n',
          '/etc/mosquitto/conf.d/a.conf': 'listener 1885 127.0.0.1\n',
          '/etc/mosquitto/conf.d/b.conf.off': 'listener 1886\n',
        },
        ['tcp 127.0.0.1:1885'],
      ],
    },
  },
  sshd: {
    command: ['/usr/sbin/sshd', '-D'],
    unit: 'ssh.service',
    edits: {
      changed: [{ '/etc/ssh/sshd_config': 'Port 2222\n' }, ['tcp *:2222']],
      commented: [{ '/etc/ssh/sshd_config': '#Port 2222\n' }, ['tcp *:22']],
      included: [
        {
          '/etc/ssh/sshd_config': 'Include /etc/ssh/sshd_config.d/*.conf\n',
          '/etc/ssh/sshd_config.d/a.conf': 'Port 2223\nListenAddress 127.0.0.1\n',
        },
        ['tcp 127.0.0.1:2223'],
      ],
    },
  },
  postgresql: {
    command: ['/usr/lib/postgresql/15/bin/postgres', '-D', '/data', '-c', 'config_file=/etc/pg.conf'],
    edits: {
      changed: [{ '/etc/pg.conf': "listen_addresses = '127.0.0.1'\nport = 5433\n" }, ['tcp 127.0.0.1:5433']],
      commented: [{ '/etc/pg.conf': "listen_addresses = '127.0.0.1'\n#port = 5433\n" }, ['tcp 127.0.0.1:5432']],
      included: [
        {
          '/etc/pg.conf': "listen_addresses = '127.0.0.1'\ninclude_dir 'conf.d'\n",
          '/etc/conf.d/a.conf': 'port = 5434\n',
          '/etc/conf.d/b.conf.off': 'port = 5435\n',
        },
        ['tcp 127.0.0.1:5434'],
      ],
    },
  },
  mariadb: {
    command: ['/usr/sbin/mariadbd'],
    edits: {
      changed: [{ '/etc/mysql/my.cnf': '[mysqld]\nbind-address=127.0.0.1\nport=3307\n' }, ['tcp 127.0.0.1:3307']],
      commented: [{ '/etc/mysql/my.cnf': '[mysqld]\nbind-address=127.0.0.1\n#port=3307\n' }, ['tcp 127.0.0.1:3306']],
      included: [
        {
          '/etc/mysql/my.cnf': '!includedir /etc/mysql/conf.d/\n',
          '/etc/mysql/conf.d/a.cnf': '[mysqld]\nbind-address=127.0.0.1\nport=3308\n[client]\nport=9\n',
          '/etc/mysql/conf.d/b.cnf.off': '[mysqld]\nport=3309\n',
        },
        ['tcp 127.0.0.1:3308'],
      ],
    },
  },
  dovecot: {
    command: ['/usr/sbin/dovecot', '-F'],
    edits: {
      changed: [
        {
          '/etc/dovecot/dovecot.conf':
            'protocols = imap\nlisten = 127.0.0.1\nssl = no\nservice imap-login {\n inet_listener imap {\n  port = 1143\n }\n inet_listener imaps {\n  port = 0\n }\n}\n',
        },
        ['tcp 127.0.0.1:1143'],
      ],
      included: [
        {
          '/etc/dovecot/dovecot.conf': 'protocols = imap\nssl = no\n!include conf.d/*.conf\n',
          '/etc/dovecot/conf.d/a.conf':
            'listen = 127.0.0.1\nservice imap-login {\n inet_listener imap {\n  #port = 1143\n }\n inet_listener imaps {\n  port = 0\n }\n}\n',
        },
        ['tcp 127.0.0.1:143'],
      ],
    },
  },
  bind: {
    command: ['/usr/sbin/named', '-f', '-u', 'bind'],
    unit: 'named.service',
    edits: {
      changed: [
        {
          '/etc/bind/named.conf':
            'options { listen-on port 5353 { 127.0.0.1; }; listen-on-v6 { none; }; };\ncontrols { };\n',
        },
        ['tcp 127.0.0.1:5353', 'udp 127.0.0.1:5353'],
      ],
      included: [
        {
          '/etc/bind/named.conf': 'include "/etc/bind/own.conf";\n// include "/etc/bind/off.conf";\ncontrols { };\n',
          '/etc/bind/own.conf': 'options { listen-on port 5354 { 127.0.0.1; }; listen-on-v6 { none; }; };\n',
          '/etc/bind/off.conf': 'statistics-channels { inet 127.0.0.1 port 8053; };\n',
        },
        ['tcp 127.0.0.1:5354', 'udp 127.0.0.1:5354'],
      ],
    },
  },
  caddy: {
    command: ['/usr/bin/caddy', 'run', '--config', '/etc/caddy/Caddyfile'],
    edits: {
      changed: [{ '/etc/caddy/Caddyfile': '{\n admin off\n}\n:8085 {\n respond x\n}\n' }, ['tcp *:8085']],
      commented: [
        { '/etc/caddy/Caddyfile': '{\n admin off\n}\n#:8085 {\n#}\n:8086 {\n respond x\n}\n' },
        ['tcp *:8086'],
      ],
      included: [
        {
          '/etc/caddy/Caddyfile': '{\n admin off\n}\nimport sites/*.caddy\n',
          '/etc/caddy/sites/a.caddy': ':8087 {\n respond x\n}\n',
          '/etc/caddy/sites/b.off': ':8088 {\n respond x\n}\n',
        },
        ['tcp *:8087'],
      ],
    },
  },
};

const follows = test.macro({
  title: (_, name: string, edit: string) => `${name} listens where its files say when a line is ${edit}`,
  exec: async (t, name: string, edit: string) => {
    const { command, unit, edits } = SERVERS[name]!;
    const [files, expected] = edits[edit]!;
    const { ports } = await portsOf(memoryGuest(files), service(unit ?? `${name}.service`, command));
    t.deepEqual(withoutEvidence(ports.map((port) => port.replace(/^\?/, ''))).sort(), [...expected].sort());
  },
});

for (const [name, { edits }] of Object.entries(SERVERS))
  for (const edit of Object.keys(edits)) test(follows, name, edit);
