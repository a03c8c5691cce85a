import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { GroupPlan } from '../../src/model/plan.js';
import { bootstrapScript } from '../../src/render/bootstrap-script.js';
import { bootstrapArguments } from '../../src/tools/mmdebstrap.js';

/** Writes down its arguments, the versions and the keys it was given; fails where the test wants it. */
const MMDEBSTRAP = `#!/bin/sh
[ -z "$FAILS" ] || { [ "$#" -lt 12 ] || exit 1; }
for word; do printf '%s\\n' "$word"; done >"$OUT/arguments"
cp "$VM2DOCKER_PREFERENCES" "$OUT/preferences"
for word; do case $word in *signed-by=*) word=\${word#*signed-by=}; cp "\${word%%]*}" "$OUT/key" ;; esac; done
for word; do case $word in *.part) echo root >"$word" ;; esac; done
`;
const HOSTILE = `1.0'; touch "$OUT/evil`;

const group = (more: object): GroupPlan =>
  ({
    base: {
      bootstrap: {
        ...{ suite: 'bookworm', archive: 'http://archive.example/debian', components: ['main'], architecture: 'amd64' },
        ...more,
      },
    },
  }) as unknown as GroupPlan;

function runScript(
  script: string,
  fails: boolean,
): Record<'arguments' | 'preferences' | 'target', string> & { out: string } {
  const out = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  mkdirSync(join(out, 'bin'));
  writeFileSync(join(out, 'bin/mmdebstrap'), MMDEBSTRAP, { mode: 0o755 });
  const env = { ...process.env, PATH: `${out}/bin:${process.env.PATH}`, OUT: out, FAILS: fails ? 'yes' : '' };
  execFileSync('sh', ['-s', join(out, 'rootfs.tar')], { input: script, env, stdio: ['pipe', 'ignore', 'ignore'] });
  const read = (name: string): string => readFileSync(join(out, name), 'utf8');
  return { out, arguments: read('arguments'), preferences: read('preferences'), target: read('rootfs.tar') };
}

test('bootstrap.sh takes the sources, keys and versions of a conversion, and runs no guest text', (t) => {
  const key = Buffer.from([0, 1, 2, 0xff, 10, ...Buffer.from('END\nEND\n'.repeat(40))]);
  const script = bootstrapScript(
    group({
      sources: [
        'deb http://archive.example/debian bookworm main',
        'deb [signed-by=/tmp/vm2docker-ring-0.gpg] http://own.example/$(touch x) ./',
      ],
      keys: [{ file: 'vm2docker-ring-0.gpg', content: key, isTrusted: false }],
      pins: [
        { package: 'libc6', version: '2.36-9+deb12u10' },
        { package: 'hostile', version: HOSTILE },
      ],
    }),
  );
  const ran = runScript(script, false);
  t.teardown(() => rmSync(ran.out, { recursive: true }));
  t.is(ran.target, 'root\n');
  t.is(
    ran.preferences,
    `Package: libc6\nPin: version 2.36-9+deb12u10\nPin-Priority: 1001\n\nPackage: hostile\nPin: version ${HOSTILE}\nPin-Priority: 1001\n\n`,
  );
  t.deepEqual(readFileSync(join(ran.out, 'key')), key);
  const sources = ran.arguments.trim().split('\n').slice(-2);
  t.is(sources[0], 'deb http://archive.example/debian bookworm main');
  t.regex(sources[1]!, /^deb \[signed-by=\/.*\/vm2docker-ring-0\.gpg\] http:\/\/own\.example\/\$\(touch x\) \.\/$/);
});

test('where a source is gone, bootstrap.sh makes the root from the release alone', (t) => {
  const lines = ['one', 'two', 'three', 'four'].map((name) => `deb http://${name}.example/debian bookworm main`);
  const ran = runScript(bootstrapScript(group({ sources: lines })), true);
  t.teardown(() => rmSync(ran.out, { recursive: true }));
  t.is(ran.arguments.trim().split('\n').at(-1), lines[0]);
  t.false(ran.arguments.includes(lines[1]!));
  t.is(ran.preferences, '');
});

test('neither the name nor the name servers of the host stay in a root, whoever makes it', (t) => {
  const ran = runScript(bootstrapScript(group({})), false);
  t.teardown(() => rmSync(ran.out, { recursive: true }));
  const request = group({}).base.bootstrap!;
  for (const args of [ran.arguments.split('\n'), bootstrapArguments(request, 'root.tar')]) {
    const hooks = args.flatMap((word) => /^--customize-hook=(.*)$/s.exec(word)?.[1] ?? []);
    const root = join(ran.out, 'root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    for (const name of ['hostname', 'resolv.conf', 'hosts']) writeFileSync(join(root, 'etc', name), 'x');
    for (const hook of hooks) execFileSync('sh', ['-ec', hook, 'sh', root]);
    t.deepEqual(readdirSync(join(root, 'etc')), ['hosts']);
  }
});
