import test from 'ava';
import { type MemoryNode, memoryGuest } from '../../../../src/guest/memory/memory-guest.js';
import { classifyFiles, contentReader } from '../../../../src/inspect/files/index.js';
import type { FileRecord } from '../../../../src/model/files.js';
import type { PackageDatabase } from '../../../../src/model/packages.js';

const OPTIONS = { keep: new Set<string>(), include: [], exclude: [] };

async function recordsOf(nodes: Record<string, MemoryNode>, packages: PackageDatabase | null = null, quick = false) {
  const guest = memoryGuest(nodes);
  const classified = await classifyFiles(guest, packages, OPTIONS);
  if (quick) return classified.records;
  const reader = await contentReader(classified);
  await guest.stream((item) => reader.visit(item), reader.wants);
  return reader.finish().records;
}

const kind = (record: FileRecord | undefined): string | undefined =>
  record?.secret === undefined ? record?.identity && `identity ${record.identity}` : `secret ${record.secret}`;

const is = test.macro({
  exec: async (t, path: string, content: string, expected: string | undefined) => {
    t.is(kind((await recordsOf({ [path]: content })).get(path)), expected);
  },
  title: (given, path: string, _content: string, expected: string | undefined) =>
    `${path}${given ? ` with ${given}` : ''} is ${expected ?? 'nothing special'}`,
});

const PEM = `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----\n`;

test('a hash', is, '/etc/shadow', 'root:$y$j9T$abc:19000:0:99999:7:::\n', 'secret password-hash');
test('a locked hash', is, '/etc/shadow', 'ann:!$6$abc$def:19000::::::\n', 'secret password-hash');
test(
  'no hash at all',
  is,
  '/etc/shadow',
  'root:*:19000::::::\nann:!:1::::::\nbob:!!:1::::::\nsync:*LK*:1::::::\ncat::1::::::\n',
  undefined,
);
test('a hash of before', is, '/etc/shadow-', 'root:$1$x$y:1::::::\n', 'secret password-hash');
test('locked groups', is, '/etc/gshadow', 'sudo:*::ann\nann:!::\n', undefined);
test('a hash of a group', is, '/etc/gshadow', 'sudo:$6$x$y::ann\n', 'secret password-hash');
test('hashes elsewhere', is, '/etc/passwd', 'root:x:0:0:root:/root:/bin/bash\n', undefined);
test('an old hash', is, '/etc/passwd', 'root:abJnggxhB/yWI:0:0:root:/root:/bin/bash\n', 'secret password-hash');
test(is, '/etc/ssh/ssh_host_ed25519_key', PEM, 'secret ssh-host-key');
test(is, '/etc/ssh/ssh_host_ed25519_key.pub', 'ssh-ed25519 AAAA', 'identity ssh-host-public-key');
test(is, '/root/.ssh/id_rsa', 'anything', 'secret ssh-user-key');
test(is, '/root/.ssh/id_rsa.pub', 'ssh-rsa AAAA', 'identity ssh-authorized-keys');
test(is, '/home/ann/.ssh/authorized_keys', 'ssh-rsa AAAA', 'identity ssh-authorized-keys');
test(is, '/home/ann/.bash_history', 'ls\n', 'secret shell-history');
test(is, '/root/.psql_history', 'select 1;\n', 'secret shell-history');
test(is, '/home/ann/.aws/credentials', '[default]\naws_secret_access_key = abc\n', 'secret cloud-credentials');
test('no key', is, '/home/ann/.aws/credentials', '[default]\n', undefined);
test(is, '/root/.docker/config.json', '{"auths":{"r.example":{"auth":"YTpi"}}}', 'secret registry-credentials');
test('no login', is, '/root/.docker/config.json', '{"credsStore":"secretservice"}', undefined);
test(is, '/root/.netrc', 'machine x login y password z\n', 'secret network-credentials');
test(is, '/home/ann/.pgpass', 'db:5432:*:ann:geheim\n', 'secret database-credentials');
test(is, '/root/.kube/config', 'users:\n- user:\n    token: abc\n', 'secret cluster-credentials');
test(is, '/etc/apt/auth.conf.d/x.conf', 'machine x login y password z\n', 'secret archive-credentials');
test(
  is,
  '/etc/NetworkManager/system-connections/Home.nmconnection',
  '[wifi-security]\npsk=geheim12\n',
  'secret wifi-password',
);
test('an open network', is, '/etc/NetworkManager/system-connections/Cafe.nmconnection', '[wifi]\nssid=x\n', undefined);
test(is, '/etc/wireguard/wg0.conf', '[Interface]\nPrivateKey = abc=\n', 'secret vpn-key');
test(is, '/etc/krb5.keytab', '\u0005\u0002', 'secret kerberos-keytab');
test(is, '/etc/machine-id', '0123456789abcdef0123456789abcdef\n', 'identity machine-id');
test('no content', is, '/etc/machine-id', '', undefined);
test(is, '/etc/hostname', 'box\n', 'identity hostname');
test(is, '/var/lib/systemd/random-seed', 'x', 'identity random-seed');
test(is, '/var/lib/dhcp/dhclient.eth0.leases', 'lease {}\n', 'identity dhcp-lease');
test(is, '/var/log/wtmp', 'x', 'identity login-record');
test(
  'an address',
  is,
  '/etc/sysconfig/network-scripts/ifcfg-eth0',
  'HWADDR=00:11:22:33:44:55\n',
  'identity network-hardware-address',
);
test('a private key', is, '/opt/odd/place.txt', `some text\n${PEM}`, 'secret private-key');
test(
  'a private key in JSON',
  is,
  '/srv/service-account.json',
  `{"private_key":"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"}`,
  'secret private-key',
);
test(
  'an encrypted key',
  is,
  '/srv/old.pem',
  `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n`,
  'secret private-key',
);
test(
  'only a header, as programs have it',
  is,
  '/opt/bin/tool',
  'x\0-----BEGIN PRIVATE KEY-----\0-----END PRIVATE KEY-----\0',
  undefined,
);
test(
  'a public key',
  is,
  '/srv/key.pem',
  '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA\n',
  undefined,
);
test('a password', is, '/etc/default/app', 'PORT=80\nexport DB_PASSWORD="hunter22"\n', 'secret credential-in-settings');
test(
  'a URL with a password',
  is,
  '/opt/app/.env',
  'DATABASE_URL=postgres://app:geheim@localhost/app\n',
  'secret credential-in-settings',
);
test('the place of a password', is, '/etc/default/app2', 'TOKEN_FILE=/run/secrets/token\nSECRET=$OTHER\n', undefined);
test('a long line of capitals', is, '/etc/x.conf', 'A'.repeat(60_000), undefined);

test('what a package brings to everybody is no secret', async (t) => {
  const path = '/usr/share/doc/python3/examples/keycert.pem';
  const digest = { algorithm: 'md5' as const, hex: 'e3ca7ebf54ea1d95b8fc2fa0e7c1fd1c' };
  const { createHash } = await import('node:crypto');
  digest.hex = createHash('md5').update(PEM).digest('hex');
  const packages = {
    packages: [{ name: 'a', architecture: 'all', kernel: false, files: [{ path, configuration: false, digest }] }],
    diversions: new Map(),
  } as unknown as PackageDatabase;
  t.is((await recordsOf({ [path]: PEM }, packages)).get(path)?.secret, undefined);
  t.is((await recordsOf({ [path]: `${PEM}x` }, packages)).get(path)?.secret, 'private-key');
});

test('without the pass over content, files of /etc are judged by what they hold and others by their place', async (t) => {
  const records = await recordsOf(
    {
      '/etc/shadow': 'root:*:1::::::\n',
      '/etc/gshadow': 'a:$6$x::\n',
      '/root/.docker/config.json': '{}',
      '/opt/k': PEM,
    },
    null,
    true,
  );
  t.is(records.get('/etc/shadow')?.secret, undefined);
  t.is(records.get('/etc/gshadow')?.secret, 'password-hash');
  t.is(records.get('/root/.docker/config.json')?.secret, 'registry-credentials');
  t.is(records.get('/opt/k')?.secret, undefined);
});
