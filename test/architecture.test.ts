import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test from 'ava';

/**
 * What each room may import besides itself, errors.ts and npm packages (docs/architecture.md). `inspect` is not one room
 * but several: its folders do not see each other.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  syntax: ['model'],
  tools: ['model'],
  disk: ['model', 'syntax', 'tools'],
  guest: ['model', 'syntax', 'tools', 'disk'],
  engine: ['model', 'syntax', 'tools'],
  inspect: ['model', 'syntax'],
  plan: ['model', 'syntax'],
  render: ['model', 'syntax'],
  diff: ['model', 'syntax'],
  pipeline: ['model', 'syntax', 'tools', 'disk', 'guest', 'engine', 'inspect', 'plan', 'render', 'diff'],
  commands: ['model', 'syntax', 'pipeline', 'render'],
};

const PURE_ROOMS = ['model', 'syntax', 'inspect', 'plan', 'render', 'diff'];

const source = new URL('../src', import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

function imports(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

function roomOf(file: string): string {
  return file.includes('/') ? file.split('/')[0]! : file;
}

test('every room imports only the rooms below it', (t) => {
  const offences: string[] = [];
  for (const file of files) {
    const room = roomOf(file);
    if (room === 'errors.ts') continue;
    for (const imported of imports(file).filter((name) => name.startsWith('.'))) {
      const target = relative(source, join(source, dirname(file), imported));
      const targetRoom = roomOf(target.replace(/\.js$/, '.ts'));
      if (targetRoom === 'errors.ts' || (ALLOWED[room] ?? []).includes(targetRoom)) continue;
      const sameFolder = room !== 'inspect' || target.split('/')[1] === file.split('/')[1];
      if (targetRoom !== room || !sameFolder) offences.push(`${file} imports ${target}`);
    }
  }
  t.true(files.length > 20);
  t.deepEqual(offences, []);
});

test('only tools/ starts processes', (t) => {
  const offenders = files.filter(
    (file) => roomOf(file) !== 'tools' && imports(file).some((name) => /^(?:node:)?child_process$|^execa$/.test(name)),
  );
  t.deepEqual(offenders, []);
});

test('rooms that only compute touch neither files nor network of the host', (t) => {
  const offenders = files.filter(
    (file) =>
      PURE_ROOMS.includes(roomOf(file)) && imports(file).some((name) => /^node:(?:fs|net|http|https|os)\b/.test(name)),
  );
  t.deepEqual(offenders, []);
});

test('modules do not import each other in circles', (t) => {
  const graph = new Map(
    files.map((file) => [
      file,
      imports(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(source, join(source, dirname(file), name)).replace(/\.js$/, '.ts')),
    ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (done.has(file) || trail.includes(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  t.deepEqual(circles, []);
});
