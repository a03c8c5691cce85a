import test from 'ava';
import { memoryGuest } from '../../src/guest/memory/memory-guest.js';
import { followLinks } from '../../src/model/follow-links.js';

const guest = memoryGuest({
  '/bin': { target: 'usr/bin' },
  '/usr/bin/vi': { target: '/etc/alternatives/vi' },
  '/etc/alternatives/vi': { target: '../../usr/bin/vim' },
  '/usr/bin/vim': 'an editor',
  '/outside': { target: '../../../etc' },
  '/round': { target: 'about' },
  '/about': { target: 'round' },
  '/dead': { target: '/srv/gone/file' },
});
const entries = new Map([...guest.entries()].map((entry) => [entry.path, entry]));
const follow = (path: string, followLast = true) => followLinks(path, (each) => entries.get(each), followLast);

test('follows links in folders and in the last place, through relative and absolute targets', (t) => {
  t.deepEqual(follow('/bin/vi'), { path: '/usr/bin/vim', exists: true });
  t.deepEqual(follow('//bin/./../bin/vi'), { path: '/usr/bin/vim', exists: true });
});

test('leaves the last link alone when told to, not those above it', (t) => {
  t.deepEqual(follow('/bin/vi', false), { path: '/usr/bin/vi', exists: true });
  t.deepEqual(follow('/bin', false), { path: '/bin', exists: true });
});

test('never leaves the tree', (t) => {
  t.deepEqual(follow('/outside/alternatives'), { path: '/etc/alternatives', exists: true });
});

test('what is not there keeps its name as written', (t) => {
  t.deepEqual(follow('/bin/none/deeper'), { path: '/usr/bin/none/deeper', exists: false });
  t.deepEqual(follow('/dead'), { path: '/srv/gone/file', exists: false });
  t.deepEqual(follow('/usr/bin/vim/below'), { path: '/usr/bin/vim/below', exists: false });
  t.false(follow('/gone/../etc').exists);
});

test('links in a circle end', (t) => {
  t.false(follow('/round').exists);
  t.false(follow('/round/below').exists);
});
