import test from 'ava';
import { parseRelations, parseRequirements } from '../../../../src/inspect/packages/dpkg/relations.js';

test('commas part what must hold, bars part alternatives', (t) => {
  t.deepEqual(parseRequirements('libc6 (>= 2.34), default-mta | mail-transport-agent'), [
    [{ name: 'libc6', operator: '>=', version: '2.34' }],
    [{ name: 'default-mta' }, { name: 'mail-transport-agent' }],
  ]);
});

test('the architecture behind a colon is kept, restrictions in brackets are not', (t) => {
  t.deepEqual(parseRequirements('python3:any (>= 3.9~), gcc [amd64] <!nocheck>'), [
    [{ name: 'python3', operator: '>=', version: '3.9~', architecture: 'any' }],
    [{ name: 'gcc' }],
  ]);
});

const means = test.macro({
  exec: (t, written: string, operator: string) => {
    t.is(parseRelations(`a (${written} 1)`)[0]?.operator as string, operator);
  },
  title: (_given, written: string, operator: string) => `the operator ${written} means ${operator}`,
});

test(means, '<<', '<');
test(means, '<', '<=');
test(means, '<=', '<=');
test(means, '=', '=');
test(means, '>=', '>=');
test(means, '>', '>=');
test(means, '>>', '>');

test('blanks are optional, empty pieces are nothing', (t) => {
  t.deepEqual(parseRelations(' a(=1) ,, b ,'), [{ name: 'a', operator: '=', version: '1' }, { name: 'b' }]);
});
