import test from 'ava';
import { aptAuth, hostOf, parseAptAuth } from '../../src/syntax/apt-auth.js';

test('entries of apt_auth.conf(5) are read in one line or several, comments and what is unfinished left out', (t) => {
  const text = `# machine commented.example login a password b
machine one.example/debian login me password s3cret#1
machine http://Two.example:8080/
  login you
  password word
login nobody
machine unfinished.example login me
default login x password y
machine three.example login machine password login`;
  const entries = parseAptAuth(text);
  t.deepEqual(
    entries.map(({ machine, login, password }) => [machine, login, password]),
    [
      ['one.example/debian', 'me', 's3cret#1'],
      ['http://Two.example:8080/', 'nobody', 'word'],
      ['three.example', 'machine', 'login'],
    ],
  );
  t.deepEqual(entries.map(hostOf), ['one.example', 'two.example', 'three.example']);
  t.deepEqual(parseAptAuth(aptAuth(entries)), entries);
});

test('a file of words without end is bounded', (t) => {
  t.true(parseAptAuth('machine a login b password c\n'.repeat(10_000)).length <= 1000);
  t.deepEqual(parseAptAuth('login password machine'), []);
});
