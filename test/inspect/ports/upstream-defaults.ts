import type { Service } from '../../../src/model/services.js';

/** Servers that Debian 12 does not package as a service: the settings that matter of what their makers ship. */
export interface UpstreamCase {
  readonly reader: string;
  readonly unit: string;
  readonly command: readonly string[];
  readonly facts?: Partial<Service>;
  readonly files: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly listens?: readonly string[];
}

const JAVA = '/usr/bin/java';

export const UPSTREAM_DEFAULTS: readonly UpstreamCase[] = [
  {
    reader: 'mongodb',
    unit: 'mongod.service',
    command: ['/usr/bin/mongod', '--config', '/etc/mongod.conf'],
    files: { '/etc/mongod.conf': '# network interfaces\nnet:\n  port: 27017\n  bindIp: 127.0.0.1\n' },
    versions: { 'mongodb-org-server': '7.0.5' },
    ports: ['tcp 127.0.0.1:27017 /etc/mongod.conf:3'],
    listens: ['/tmp/mongodb-27017.sock'],
  },
  {
    reader: 'couchdb',
    unit: 'couchdb.service',
    command: ['/opt/couchdb/bin/couchdb'],
    files: {
      '/opt/couchdb/etc/default.ini': '[chttpd]\nport = 5984\nbind_address = 127.0.0.1\n',
      '/opt/couchdb/etc/local.ini': '[chttpd]\n;port = 5985\n',
    },
    ports: ['tcp 127.0.0.1:5984 /opt/couchdb/etc/default.ini:2'],
  },
  {
    reader: 'elasticsearch',
    unit: 'elasticsearch.service',
    command: ['/usr/share/elasticsearch/bin/systemd-entrypoint', '-p', '/run/elasticsearch.pid', '--quiet'],
    files: {
      '/etc/elasticsearch/elasticsearch.yml':
        '#network.host: 192.168.0.1\n#http.port: 9200\npath.data: /var/lib/elasticsearch\n',
    },
    ports: [
      'tcp 127.0.0.1:9200 /etc/elasticsearch/elasticsearch.yml',
      'tcp [::1]:9200 /etc/elasticsearch/elasticsearch.yml',
      'tcp 127.0.0.1:9300 /etc/elasticsearch/elasticsearch.yml',
      'tcp [::1]:9300 /etc/elasticsearch/elasticsearch.yml',
    ],
  },
  {
    reader: 'elasticsearch',
    unit: 'opensearch.service',
    command: ['/usr/share/opensearch/bin/systemd-entrypoint'],
    files: { '/etc/opensearch/opensearch.yml': 'network.host: 0.0.0.0\nhttp.port: 9201\n' },
    ports: ['tcp *:9201 /etc/opensearch/opensearch.yml:2', 'tcp *:9300 /etc/opensearch/opensearch.yml:1'],
  },
  {
    reader: 'cassandra',
    unit: 'cassandra.service',
    command: ['/usr/sbin/cassandra', '-p', '/run/cassandra.pid'],
    files: {
      '/etc/cassandra/cassandra.yaml':
        'storage_port: 7000\nssl_storage_port: 7001\nlisten_address: localhost\nstart_native_transport: true\nnative_transport_port: 9042\nrpc_address: localhost\n',
      '/etc/cassandra/cassandra-env.sh': 'LOCAL_JMX=yes\nJMX_PORT="7199"\n',
    },
    ports: [
      'tcp 127.0.0.1:7000 /etc/cassandra/cassandra.yaml:1',
      'tcp 127.0.0.1:7199 /etc/cassandra/cassandra-env.sh:2',
      'tcp 127.0.0.1:9042 /etc/cassandra/cassandra.yaml:5',
    ],
  },
  {
    reader: 'kafka',
    unit: 'kafka.service',
    command: ['/opt/kafka/bin/kafka-server-start.sh', '/opt/kafka/config/server.properties'],
    files: {
      '/opt/kafka/config/server.properties': 'broker.id=0\n#listeners=PLAINTEXT://:9092\nnum.network.threads=3\n',
    },
    ports: ['tcp *:9092 /opt/kafka/config/server.properties'],
  },
  {
    reader: 'wildfly',
    unit: 'wildfly.service',
    command: ['/opt/wildfly/bin/standalone.sh', '-b', '0.0.0.0'],
    files: {
      '/opt/wildfly/standalone/configuration/standalone.xml': `<?xml version="1.0" ?>
<server xmlns="urn:jboss:domain:20.0">
  <management><management-interfaces><http-interface><socket-binding http="management-http"/></http-interface></management-interfaces></management>
  <profile><subsystem><server name="default-server">
    <http-listener name="default" socket-binding="http"/><https-listener name="https" socket-binding="https"/>
  </server></subsystem></profile>
  <interfaces>
    <interface name="management"><inet-address value="\${jboss.bind.address.management:127.0.0.1}"/></interface>
    <interface name="public"><inet-address value="\${jboss.bind.address:127.0.0.1}"/></interface>
  </interfaces>
  <socket-binding-group name="standard-sockets" default-interface="public" port-offset="\${jboss.socket.binding.port-offset:0}">
    <socket-binding name="ajp" port="\${jboss.ajp.port:8009}"/>
    <socket-binding name="http" port="\${jboss.http.port:8080}"/>
    <socket-binding name="https" port="\${jboss.https.port:8443}"/>
    <socket-binding name="management-http" interface="management" port="\${jboss.management.http.port:9990}"/>
    <socket-binding name="txn-recovery-environment" port="4712"/>
  </socket-binding-group>
</server>`,
    },
    ports: [
      'tcp *:8080 /opt/wildfly/standalone/configuration/standalone.xml:13',
      'tcp *:8443 /opt/wildfly/standalone/configuration/standalone.xml:14',
      'tcp 127.0.0.1:9990 /opt/wildfly/standalone/configuration/standalone.xml:15',
    ],
  },
  {
    reader: 'spring-boot',
    unit: 'shop.service',
    command: [JAVA, '-Xmx256m', '-jar', '/srv/shop/shop-1.2.jar'],
    files: {
      '/srv/shop/application.yml':
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of the configuration's own
        'spring:\n  application:\n    name: shop\nserver:\n  port: ${SHOP_PORT:8085}\n  address: 127.0.0.1\n',
    },
    ports: ['tcp 127.0.0.1:8085 /srv/shop/application.yml:5'],
  },
  {
    reader: 'gunicorn',
    unit: 'web.service',
    command: ['/srv/web/venv/bin/gunicorn', 'web.wsgi'],
    facts: { workingDirectory: '/srv/web' },
    files: { '/srv/web/gunicorn.conf.py': 'workers = 2\nbind = "unix:/run/web/gunicorn.sock"\n' },
    ports: [],
    listens: ['/run/web/gunicorn.sock'],
  },
  {
    reader: 'uvicorn',
    unit: 'api.service',
    command: ['/usr/bin/python3', '-m', 'uvicorn', 'api:app', '--port', '8123'],
    files: {
      '/lib/systemd/system/api.service': '[Service]\nExecStart=/usr/bin/python3 -m uvicorn api:app --port 8123\n',
    },
    ports: ['?tcp 127.0.0.1:8123 /lib/systemd/system/api.service:2'],
  },
  {
    reader: 'puma',
    unit: 'rails.service',
    command: ['/usr/local/bin/bundle', 'exec', 'puma', '-C', 'config/puma.rb'],
    facts: { workingDirectory: '/srv/rails' },
    files: { '/srv/rails/config/puma.rb': 'threads 5, 5\nport ENV.fetch("PORT") { 3000 }\n' },
    ports: ['tcp 0.0.0.0:3000 /srv/rails/config/puma.rb:2'],
  },
  {
    reader: 'node',
    unit: 'app.service',
    command: ['/usr/bin/node', '/srv/app/server.js'],
    facts: { environment: { PORT: '3100', NODE_ENV: 'production' } },
    files: { '/lib/systemd/system/app.service': '[Service]\nEnvironment=PORT=3100\n' },
    ports: ['?tcp *:3100 /lib/systemd/system/app.service:2'],
  },
  {
    reader: 'grafana',
    unit: 'grafana-server.service',
    command: [
      '/usr/share/grafana/bin/grafana',
      'server',
      '--config=/etc/grafana/grafana.ini',
      'cfg:default.paths.logs=/var/log/grafana',
    ],
    files: { '/etc/grafana/grafana.ini': '[server]\n;http_addr =\n;http_port = 3000\n' },
    ports: ['tcp *:3000 /etc/grafana/grafana.ini'],
  },
  {
    reader: 'gitea',
    unit: 'gitea.service',
    command: ['/usr/local/bin/gitea', 'web', '--config', '/etc/gitea/app.ini'],
    files: {
      '/etc/gitea/app.ini':
        '[server]\nHTTP_PORT = 3001\nSTART_SSH_SERVER = true\nSSH_PORT = 2222\n[other]\nHTTP_PORT = 9\n',
    },
    ports: ['tcp *:2222 /etc/gitea/app.ini:4', 'tcp *:3001 /etc/gitea/app.ini:2'],
  },
  {
    reader: 'jenkins',
    unit: 'jenkins.service',
    command: ['/usr/bin/jenkins'],
    facts: { environment: { JENKINS_PORT: '8080' } },
    files: { '/lib/systemd/system/jenkins.service': '[Service]\nEnvironment="JENKINS_PORT=8080"\n' },
    ports: ['?tcp *:8080 /lib/systemd/system/jenkins.service:2'],
  },
  {
    reader: 'consul',
    unit: 'consul.service',
    command: ['/usr/bin/consul', 'agent', '-config-dir=/etc/consul.d/'],
    files: {
      '/etc/consul.d/consul.hcl':
        'data_dir = "/opt/consul"\n#client_addr = "0.0.0.0"\nbind_addr = "10.0.0.5"\nports {\n  dns = -1\n}\n',
    },
    ports: [
      '?tcp 10.0.0.5:8301 /lib/systemd/system/consul.service:1',
      '?udp 10.0.0.5:8301 /lib/systemd/system/consul.service:1',
      '?tcp 127.0.0.1:8500 /lib/systemd/system/consul.service:1',
    ],
  },
  {
    reader: 'vault',
    unit: 'vault.service',
    command: ['/usr/bin/vault', 'server', '-config=/etc/vault.d/vault.hcl'],
    files: {
      '/etc/vault.d/vault.hcl':
        'storage "file" {\n  path = "/opt/vault/data"\n}\n\nlistener "tcp" {\n  address = "0.0.0.0:8200"\n}\n',
    },
    ports: ['tcp *:8200 /etc/vault.d/vault.hcl:6'],
  },
  {
    reader: 'minio',
    unit: 'minio.service',
    command: ['/usr/local/bin/minio', 'server', '--console-address', '127.0.0.1:9001', '/mnt/data'],
    files: {},
    ports: [
      '?tcp *:9000 /lib/systemd/system/minio.service:1',
      '?tcp 127.0.0.1:9001 /lib/systemd/system/minio.service:1',
    ],
  },
  {
    reader: 'envoy',
    unit: 'envoy.service',
    command: ['/usr/bin/envoy', '-c', '/etc/envoy/envoy.yaml'],
    files: {
      '/etc/envoy/envoy.yaml': `admin:
  address:
    socket_address: { protocol: TCP, address: 127.0.0.1, port_value: 9901 }
static_resources:
  listeners:
  - name: listener_0
    address:
      socket_address:
        address: 0.0.0.0
        port_value: 10000
  clusters:
  - name: upstream
    load_assignment: { endpoints: [{ address: { socket_address: { address: example.test, port_value: 443 } } }] }
`,
    },
    ports: ['tcp 127.0.0.1:9901 /etc/envoy/envoy.yaml:3', 'tcp 0.0.0.0:10000 /etc/envoy/envoy.yaml:10'],
  },
  {
    reader: 'traefik',
    unit: 'traefik.service',
    command: ['/usr/local/bin/traefik', '--configfile=/etc/traefik/traefik.toml'],
    files: {
      '/etc/traefik/traefik.toml':
        '[entryPoints]\n  [entryPoints.web]\n    address = ":80"\n  [entryPoints.dns]\n    address = ":53/udp"\n[api]\n  insecure = true\n',
    },
    ports: [
      'udp *:53 /etc/traefik/traefik.toml:5',
      'tcp *:80 /etc/traefik/traefik.toml:3',
      'tcp *:8080 /etc/traefik/traefik.toml:7',
    ],
  },
  {
    reader: 'webfs',
    unit: 'webfs.service',
    command: ['/usr/bin/webfsd', '-k', '/run/webfs/webfsd.pid', '-r', '/var/www/html'],
    files: { '/etc/webfsd.conf': 'web_root="/var/www/html"\nweb_ip=""\nweb_port=""\n' },
    ports: ['?tcp *:8000 /lib/systemd/system/webfs.service:1'],
  },
  {
    reader: 'netcat',
    unit: 'relay.service',
    command: ['/usr/bin/ncat', '--listen', '--keep-open', '--exec', '/bin/cat'],
    files: {},
    ports: ['?tcp *:31337 /lib/systemd/system/relay.service:1'],
  },
  {
    reader: 'ssh-tunnel',
    unit: 'tunnel.service',
    command: ['/usr/bin/autossh', '-M', '0', '-N', '-L', '5433:localhost:5432', 'database.example'],
    files: { '/etc/hosts': '127.0.0.1 localhost\n' },
    ports: ['?tcp 127.0.0.1:5433 /lib/systemd/system/tunnel.service:1'],
  },
  {
    reader: 'socat',
    unit: 'forward.service',
    command: ['/usr/bin/socat', 'TCP-LISTEN:7000,fork,reuseaddr', 'TCP:database.example:5432'],
    files: {},
    ports: ['?tcp 0.0.0.0:7000 /lib/systemd/system/forward.service:1'],
  },
  {
    reader: 'docker',
    unit: 'docker.service',
    command: ['/usr/bin/dockerd', '-H', 'fd://', '--containerd=/run/containerd/containerd.sock'],
    files: {},
    ports: [],
  },
  {
    reader: 'flask',
    unit: 'site.service',
    command: ['/srv/site/venv/bin/flask', '--app', 'site', 'run'],
    files: {},
    ports: ['?tcp 127.0.0.1:5000 /lib/systemd/system/site.service:1'],
  },
  {
    reader: 'php-server',
    unit: 'pages.service',
    command: ['/usr/bin/php', '-S', '127.0.0.1:8001', '-t', '/srv/site'],
    files: {},
    ports: ['?tcp 127.0.0.1:8001 /lib/systemd/system/pages.service:1'],
  },
  {
    reader: 'containers',
    unit: 'container-web.service',
    command: ['/usr/bin/podman', 'run', '--rm', '--publish', '127.0.0.1:8080:80', 'docker.io/library/nginx'],
    files: {},
    ports: ['?tcp 127.0.0.1:8080 /lib/systemd/system/container-web.service:1'],
  },
  {
    reader: 'dropbear',
    unit: 'dropbear.service',
    command: ['/usr/sbin/dropbear', '-EF', '-p', '2222', '-p', '127.0.0.1:2223'],
    files: {},
    ports: [
      '?tcp *:2222 /lib/systemd/system/dropbear.service:1',
      '?tcp 127.0.0.1:2223 /lib/systemd/system/dropbear.service:1',
    ],
  },
  {
    reader: 'distccd',
    unit: 'distcc.service',
    command: ['/usr/bin/distccd', '--daemon', '--allow', '10.0.0.0/8', '--listen', '127.0.0.1'],
    files: {},
    ports: ['?tcp 127.0.0.1:3632 /lib/systemd/system/distcc.service:1'],
  },
  {
    reader: 'postgrey',
    unit: 'postgrey.service',
    command: ['/usr/sbin/postgrey', '--inet=10023'],
    files: { '/etc/default/postgrey': 'POSTGREY_OPTS="--inet=10023"\n', '/etc/hosts': '127.0.0.1 localhost\n' },
    ports: ['?tcp 127.0.0.1:10023 /etc/default/postgrey:1'],
  },
  {
    reader: 'strongswan',
    unit: 'strongswan-starter.service',
    command: ['/usr/sbin/ipsec', 'start', '--nofork'],
    files: {
      '/etc/strongswan.d/charon.conf':
        'charon {\n    # port = 500\n    port_nat_t = 4501\n    crypto_test {\n    }\n}\n',
    },
    ports: [
      '?udp *:500 /lib/systemd/system/strongswan-starter.service:1',
      'udp *:4501 /etc/strongswan.d/charon.conf:3',
    ],
  },
];
