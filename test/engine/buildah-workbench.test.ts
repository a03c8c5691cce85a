import test from 'ava';
import { forsaken } from '../../src/engine/buildah-workbench.js';

test('containers of runs that ended are found, and none of others', (t) => {
  const listed = [
    'vm2docker-workbench-4026531836-12-0123abcd',
    'vm2docker-workbench-4026531836-13-0123abcd',
    'vm2docker-workbench-4026531999-12-0123abcd',
    'vm2docker-workbench-4026531836-12-0123abcd-more',
    'debian-working-container',
    '',
  ].join('\n');
  t.deepEqual(
    forsaken(listed, '4026531836', (pid) => pid === '13'),
    ['vm2docker-workbench-4026531836-12-0123abcd'],
  );
});
