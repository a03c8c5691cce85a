import test from 'ava';
import fc from 'fast-check';
import {
  isSecretName,
  isSecretVariable,
  MASK,
  maskCommand,
  maskEnvironment,
  maskValues,
  secretValues,
} from '../../src/syntax/secret-words.js';
import { endsSoon } from '../patience.js';

const masks = test.macro({
  exec(t, given: string, expected: string) {
    t.deepEqual(maskCommand(given.split(' ')), expected.replaceAll('#', MASK).split(' '));
  },
  title: (_, given, expected) => `"${given}" is shown as "${expected}"`,
});

test(masks, 'app --password hunter2', 'app --password #');
test(masks, 'app --password=hunter2 -v', 'app --password=# -v');
test(masks, 'app --db-password=a --api-key=b', 'app --db-password=# --api-key=#');
test(masks, 'app -Dspring.datasource.password=x', 'app -Dspring.datasource.password=#');
test(masks, 'redis-server --requirepass x', 'redis-server --requirepass #');
test(masks, 'env DB_PASSWORD=x app', 'env DB_PASSWORD=# app');
test(masks, 'app postgres://u:p@ss@db/x', 'app postgres://u:#@db/x');
test(masks, 'app --url=amqp://u:p@mq:5672', 'app --url=amqp://u:#@mq:5672');
test(masks, 'app --password-file /etc/secret', 'app --password-file /etc/secret');
test(masks, 'app --token /run/token --token=./t', 'app --token /run/token --token=./t');
test(masks, 'app --password --verbose', 'app --password --verbose');
test(masks, 'app --no-password x', 'app --no-password x');
test(masks, 'app http://h:80/p --port=80', 'app http://h:80/p --port=80');
test(masks, 'password x', 'password x');

test('variables are judged by their names and values', (t) => {
  for (const name of [
    'DB_PASSWORD',
    'PGPASSWORD',
    'MYSQL_PWD'.replace('PWD', 'PASSWD'),
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_TOKEN',
    'api-key',
    'DB_PASS',
  ]) {
    t.true(isSecretName(name), name);
  }
  for (const name of ['PATH', 'TOKEN_TTL', 'PASSWORD_FILE', 'COMPASS', 'BYPASS', 'KEY', 'PASSES'])
    t.false(isSecretName(name), name);
  t.false(isSecretVariable('TOKEN', '/etc/token'));
  t.true(isSecretVariable('DATABASE_URL', 'mysql://u:p@h/d'));
  t.deepEqual({ ...maskEnvironment({ A: '1', TOKEN: 'x' }) }, { A: '1', TOKEN: MASK });
});

test('a private key is masked under any name: in lines, in one line, in base64, in the middle of a word', (t) => {
  const body = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj';
  for (const kind of ['PRIVATE KEY', 'RSA PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'PGP PRIVATE KEY BLOCK']) {
    for (const end of ['\n', '\r\n', '\\n', ' ']) {
      const key = [`-----BEGIN ${kind}-----`, body, `-----END ${kind}-----`].join(end);
      t.deepEqual({ ...maskEnvironment({ TLS: key }) }, { TLS: MASK }, JSON.stringify(key));
      t.deepEqual(maskCommand(['app', `--tls=${key},x`, key]), ['app', `--tls=${MASK},x`, MASK]);
      const encoded = Buffer.from(key).toString('base64');
      t.deepEqual(maskCommand(['app', `--tls=${encoded}`]), ['app', `--tls=${MASK}`]);
    }
  }
  const open = `-----BEGIN EC PRIVATE KEY-----\n${body}`;
  t.deepEqual(maskCommand([open]), [MASK]);
  for (const harmless of [
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '-----BEGIN PUBLIC KEY-----\nMIIB',
  ]) {
    t.false(isSecretVariable('TLS', harmless));
    t.false(isSecretVariable('TLS', Buffer.from(harmless).toString('base64')));
  }
});

test('a secret is found again where another word repeats it, unless it is too short to tell', (t) => {
  const values = secretValues(['app', '--password', 'longenough', '--token', 'abc'], {});
  t.is(maskValues('x longenough abc', values), `x ${MASK} abc`);
});

test('masking is quick and total, whatever the words', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => maskCommand(words).length === words.length),
  );
  const long = [`://${':@'.repeat(500_000)}`, `--${'password'.repeat(100_000)}=x`, '-'.repeat(1_000_000)];
  t.is((await endsSoon(t, () => maskCommand(long))).length, long.length);
});
