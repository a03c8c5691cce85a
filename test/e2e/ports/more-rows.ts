import type { Row } from './rows.js';

const exporter = (name: string, text = ''): Row => {
  const unit = `prometheus-${name}.service`;
  const edits = text === '' ? {} : { edits: { [`/etc/default/prometheus-${name}`]: () => text } };
  return { root: 'd', unit, ...edits };
};
const PYTHON = 'async def app(scope, receive, send): pass\n';

/** Exporters, and servers of applications, of Debian 12. */
export const MORE_ROWS: readonly Row[] = [
  exporter('redis-exporter'),
  exporter('postgres-exporter', 'DATA_SOURCE_NAME="postgresql:///postgres?host=/run/postgresql"\n'),
  exporter('mysqld-exporter', 'DATA_SOURCE_NAME="root@tcp(127.0.0.1:3306)/"\n'),
  exporter('apache-exporter'),
  {
    ...exporter('nginx-exporter'),
    // It starts where its server answers, which need not stay.
    before: `mkdir /run/status; cd /run/status
printf 'Active connections: 1 \\nserver accepts handled requests\\n 1 1 1 \\nReading: 0 Writing: 1 Waiting: 0 \\n' > stub_status
timeout 6 python3 -m http.server 8080 & sleep 2`,
  },
  exporter('blackbox-exporter'),
  exporter('snmp-exporter'),
  exporter('bind-exporter'),
  exporter('haproxy-exporter'),
  exporter('process-exporter'),
  exporter('squid-exporter'),
  exporter('pushgateway'),
  exporter('alertmanager', 'ARGS="--cluster.advertise-address=192.0.2.1:9094"\n'),
  exporter('elasticsearch-exporter'),
  exporter('exporter-exporter'),
  exporter('redis-exporter', 'ARGS="-web.listen-address 127.0.0.1:9221"\n'),
  exporter('alertmanager', 'ARGS="--web.listen-address=127.0.0.1:9193 --cluster.listen-address="\n'),
  { root: 'd', unit: 'zabbix-agent2.service', before: 'install -d -o zabbix /run/zabbix' },
  {
    root: 'd',
    unit: 'api.service',
    command: ['/usr/bin/uvicorn', '--app-dir', '/srv', '--host', '0.0.0.0', '--port', '8140', 'api:app'],
    start: 'cd /srv; exec uvicorn --host 0.0.0.0 --port 8140 api:app',
    edits: { '/srv/api.py': () => PYTHON },
  },
  {
    root: 'd',
    unit: 'local-api.service',
    command: ['/usr/bin/python3', '-m', 'uvicorn', 'api:app'],
    start: 'cd /srv; exec python3 -m uvicorn api:app',
    edits: { '/srv/api.py': () => PYTHON },
  },
  {
    root: 'd',
    unit: 'shop.service',
    command: ['/usr/bin/puma', '-b', 'tcp://127.0.0.1:8141', '-b', 'tcp://[::]:8142', '/srv/config.ru'],
    start: "exec puma -b 'tcp://127.0.0.1:8141' -b 'tcp://[::]:8142' /srv/config.ru",
    edits: { '/srv/config.ru': () => 'run ->(env) { [200, {}, ["shop"]] }\n' },
    seconds: 20,
  },
  {
    root: 'd',
    unit: 'desk.service',
    command: ['/usr/bin/puma', '-p', '8143', '/srv/config.ru'],
    start: 'exec puma -p 8143 /srv/config.ru',
    edits: { '/srv/config.ru': () => 'run ->(env) { [200, {}, ["desk"]] }\n' },
    seconds: 20,
  },
  {
    root: 'd',
    unit: 'forms.service',
    command: ['/usr/bin/gunicorn', '-b', '[::]:8144', '--bind=127.0.0.1:8145', '--chdir', '/srv', 'forms:app'],
    start: "exec gunicorn -b '[::]:8144' --bind=127.0.0.1:8145 --chdir /srv forms:app",
    edits: { '/srv/forms.py': () => 'def app(environ, start):\n    start("200 OK", [])\n    return []\n' },
  },
  { root: 'd', unit: 'coturn.service', start: 'exec turnserver -c /etc/turnserver.conf --pidfile=' },
  { root: 'd', unit: 'beanstalkd.service' },
  { root: 'd', unit: 'prosody.service', before: 'install -d -o prosody /run/prosody', seconds: 20 },
  {
    root: 'd',
    unit: 'prosody.service',
    before: 'install -d -o prosody /run/prosody',
    edits: {
      '/etc/prosody/prosody.cfg.lua': (old) =>
        old
          .replace(
            'modules_enabled = {',
            'c2s_ports = { 5322, 5323 }\nc2s_interfaces = { "127.0.0.1" }\nmodules_enabled = {\n"bosh";',
          )
          .replace(/^modules_disabled = \{/m, 'modules_disabled = { "s2s";')
          .concat('\nComponent "gate.test"\n component_secret = "x"\n'),
    },
    seconds: 20,
  },
  {
    root: 'd',
    unit: 'krb5-kdc.service',
    start: 'exec krb5kdc -n',
    command: ['/usr/sbin/krb5kdc', '-n'],
    edits: {
      '/etc/krb5.conf': () => '[libdefaults]\n default_realm = A.TEST\n[realms]\n A.TEST = {\n  kdc = localhost\n }\n',
      '/etc/krb5kdc/kdc.conf': () =>
        '[realms]\n A.TEST = {\n  database_name = /var/lib/krb5kdc/principal\n  key_stash_file = /etc/krb5kdc/stash\n  kdc_ports = 750,88\n }\n',
    },
    before: 'kdb5_util -r A.TEST create -s -P secret >/dev/null',
  },
  { root: 'd', unit: 'redis-sentinel.service' },
  {
    root: 'd',
    unit: 'webhook.service',
    command: ['/usr/bin/webhook', '-nopanic', '-hooks', '/etc/webhook.conf'],
    edits: { '/etc/webhook.conf': () => '[]\n' },
  },
];
