import test from 'ava';
import { leaveSecretsOut } from '../../../../src/inspect/files/index.js';
import type { FileRecord } from '../../../../src/model/files.js';
import type { InspectedMachine } from '../../../../src/model/inspected.js';
import { machineOf } from '../../../plan/machine.js';

function withSecrets(machine: InspectedMachine, secrets: Readonly<Record<string, string>>): InspectedMachine {
  const records = new Map<string, FileRecord>();
  for (const [path, record] of machine.files.records) {
    records.set(path, path in secrets ? { ...record, secret: secrets[path]! } : record);
  }
  return { ...machine, files: { ...machine.files, records } };
}

const MACHINE = withSecrets(
  machineOf({
    files: {
      '/etc/ssh/ssh_host_rsa_key': 'key',
      '/etc/shadow': 'hash',
      '/etc/hostname': 'box',
      '/srv/copy': { linkTo: '/etc/ssh/ssh_host_rsa_key' },
      '/proc/key': 'x',
    },
    excluded: { '/proc/key': 'volatile' },
  }),
  { '/etc/ssh/ssh_host_rsa_key': 'ssh-host-key', '/etc/shadow': 'password-hash', '/proc/key': 'private-key' },
);

test('every secret is left out with its kind as the reason, also under its other names; the rest stays', (t) => {
  const { records } = leaveSecretsOut(MACHINE).files;
  const left = [...records].flatMap(([path, { excluded }]) => (excluded === undefined ? [] : [[path, excluded.class]]));
  t.deepEqual(left, [
    ['/etc/shadow', 'secret'],
    ['/etc/ssh/ssh_host_rsa_key', 'secret'],
    ['/proc/key', 'volatile'],
    ['/srv/copy', 'secret'],
  ]);
  t.is(records.get('/etc/shadow')?.excluded?.reason, '--exclude-secrets: password-hash');
});

test('a finding for each kind says what will not work, with the paths', (t) => {
  const { fit } = leaveSecretsOut(MACHINE);
  t.deepEqual(
    fit.map(({ rule, evidence }) => [rule, evidence.map(({ path }) => path)]),
    [
      ['secrets-left-out', ['/etc/shadow']],
      ['secrets-left-out', ['/etc/ssh/ssh_host_rsa_key']],
    ],
  );
  t.regex(fit[1]!.message, /ssh-keygen -A/);
});

test('a machine without secrets is as it was', (t) => {
  const machine = machineOf({ files: { '/etc/hostname': 'box' } });
  t.is(leaveSecretsOut(machine), machine);
});
