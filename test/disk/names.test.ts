import test from 'ava';
import fc from 'fast-check';
import { nameOfPath, slugOf, splitDisks, splitName, unique } from '../../src/disk/names.js';

const slug = test.macro({
  title: (_, name: string) => `the slug of ${JSON.stringify(name)}`,
  exec(t, name: string, expected: string) {
    t.is(slugOf(name), expected);
  },
});

test(slug, 'web01', 'web01');
test(slug, 'Web Server (old)', 'web-server--old');
test(slug, 'Zürich', 'z-rich');
test(slug, 'a..b__c---d.-e', 'a-b__c---d-e');
test(slug, '../../etc', 'etc');
test(slug, '---', 'vm');
test(slug, '', 'vm');

test('a slug can be part of an image reference, whatever the name', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (name) => /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/.test(slugOf(name)) && slugOf(name).length <= 100,
    ),
  );
  t.pass();
});

test('a name comes from the base name, without an ending that is known', (t) => {
  t.is(nameOfPath('/vms/web.qcow2'), 'web');
  t.is(nameOfPath('/vms/root.tar.gz'), 'root');
  t.is(nameOfPath('/vms/debian-12.5'), 'debian-12.5');
  t.is(nameOfPath('/vms/.qcow2'), '.qcow2');
});

test('NAME= is split at its first equals sign, and never inside of a path', (t) => {
  t.deepEqual(splitName('web=/a/b=c.img'), { name: 'web', rest: '/a/b=c.img' });
  t.is(splitName('/a/b=c.img'), null);
  t.is(splitName('=x'), null);
  t.is(splitName('x='), null);
});

test('+ joins disks, and stays in the name of a file that exists', async (t) => {
  const files = new Set(['a.img', 'b+c.img', 'd.img']);
  const exists = async (path: string): Promise<boolean> => files.has(path);
  t.deepEqual(await splitDisks('a.img+b+c.img+d.img', exists), ['a.img', 'b+c.img', 'd.img']);
  t.deepEqual(await splitDisks('a.img+gone.img', exists), ['a.img', 'gone.img']);
});

test('a taken name gets the next free number', (t) => {
  t.is(unique('web', new Set()), 'web');
  t.is(unique('web', new Set(['web', 'web-2'])), 'web-3');
});
