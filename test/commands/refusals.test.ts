import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { cli, inScratch } from './cli.js';

interface Refusal {
  /** Makes the input below the folder and returns the arguments that name it. */
  readonly make: (folder: string) => string[];
  readonly code: string;
  readonly says: RegExp;
}

const qemuImg = (...args: string[]): void => {
  execFileSync('qemu-img', args, { stdio: 'ignore' });
};

/** Everything is refused with status 1, one JSON document, a remedy, and nothing left behind. */
const refused = test.macro(async (t, { make, code, says }: Refusal) => {
  await inScratch(async (folder) => {
    const args = make(folder);
    const before = readdirSync(folder, { recursive: true }).sort();
    const { status, stdout } = await cli(['analyze', ...args, '--output', join(folder, 'out'), '--json'], {
      environment: { TMPDIR: folder },
    });
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string; todo: string } };
    t.is(status, 1);
    t.is(error.code, code);
    t.regex(`${error.message} ${error.todo}`, says);
    t.not(error.todo, '');
    t.deepEqual(readdirSync(folder, { recursive: true }).sort(), before);
  });
});

test.serial('a path that does not exist', refused, {
  make: (folder) => [join(folder, 'none.vmdk')],
  code: 'input-missing',
  says: /none\.vmdk/,
});
test.serial('an empty file', refused, {
  make: (folder) => {
    writeFileSync(join(folder, 'empty.img'), '');
    return [join(folder, 'empty.img')];
  },
  code: 'input-not-a-disk',
  says: /empty/,
});
test.serial('a text file', refused, {
  make: (folder) => {
    writeFileSync(join(folder, 'notes.vmdk'), 'Dear diary,\n'.repeat(100));
    return [join(folder, 'notes.vmdk')];
  },
  code: 'input-not-a-disk',
  says: /notes\.vmdk/,
});
test.serial('a folder that is no root', refused, {
  make: (folder) => {
    mkdirSync(join(folder, 'photos'));
    return [join(folder, 'photos')];
  },
  code: 'input-not-a-disk',
  says: /photos/,
});
test.serial('a FIFO', refused, {
  make: (folder) => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    return [join(folder, 'pipe')];
  },
  code: 'input-not-a-disk',
  says: /pipe/,
});
test.serial('a qcow2 image whose backing file is a file of the host', refused, {
  make: (folder) => {
    qemuImg('create', '-f', 'qcow2', '-u', '-b', '/etc/passwd', '-F', 'raw', join(folder, 'evil.qcow2'), '1G');
    return [join(folder, 'evil.qcow2')];
  },
  code: 'input-refused-reference',
  says: /\/etc\/passwd/,
});
test.serial('a VMDK whose extent is a file of the host', refused, {
  make: (folder) => {
    writeFileSync(
      join(folder, 'evil.vmdk'),
      '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="monolithicFlat"\nRW 2048 FLAT "/etc/shadow" 0\n',
    );
    return [join(folder, 'evil.vmdk')];
  },
  code: 'input-refused-reference',
  says: /\/etc\/shadow/,
});
test.serial('a VMDK whose extent is missing', refused, {
  make: (folder) => {
    qemuImg('create', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', join(folder, 'flat.vmdk'), '16M');
    execFileSync('rm', [join(folder, 'flat-flat.vmdk')]);
    return [join(folder, 'flat.vmdk')];
  },
  code: 'input-missing-reference',
  says: /flat-flat\.vmdk/,
});
test.serial('a flat VMDK whose extent is short', refused, {
  make: (folder) => {
    qemuImg('create', '-f', 'vmdk', '-o', 'subformat=monolithicFlat', join(folder, 'flat.vmdk'), '16M');
    truncateSync(join(folder, 'flat-flat.vmdk'), 9 * 1024 * 1024);
    return [join(folder, 'flat.vmdk')];
  },
  code: 'input-truncated',
  says: /flat-flat\.vmdk/,
});
test.serial('a qcow2 image whose backing file is missing', refused, {
  make: (folder) => {
    qemuImg('create', '-f', 'qcow2', '-u', '-b', 'parent.qcow2', '-F', 'qcow2', join(folder, 'child.qcow2'), '1G');
    return [join(folder, 'child.qcow2')];
  },
  code: 'input-missing-reference',
  says: /parent\.qcow2/,
});
if (process.getuid?.() !== 0) {
  test('a file that may not be read', refused, {
    make: (folder) => {
      writeFileSync(join(folder, 'secret.img'), Buffer.alloc(1024 * 1024));
      chmodSync(join(folder, 'secret.img'), 0);
      return [join(folder, 'secret.img')];
    },
    code: 'input-unreadable',
    says: /secret\.img/,
  });
}

test.serial('a wrong flag is wrong usage, in text and in JSON', async (t) => {
  const text = await cli(['analyze', 'x.vmdk', '--bogus']);
  t.is(text.status, 2);
  t.regex(text.stderr, /--bogus/);
  const json = await cli(['analyze', 'x.vmdk', '--bogus', '--json']);
  t.is(json.status, 2);
  t.is((JSON.parse(json.stdout) as { error: { code: string } }).error.code, 'usage');
});

test.serial('a passphrase on the command line is refused, and not repeated', async (t) => {
  const { status, stdout, stderr } = await cli(['analyze', 'x.vmdk', '--key', 'all:hunter2']);
  t.is(status, 2);
  t.regex(stderr, /file/);
  t.notRegex(stdout + stderr, /hunter2/);
});

test.serial('an output folder that holds something else is left alone', async (t) => {
  await inScratch(async (folder) => {
    mkdirSync(join(folder, 'precious'));
    writeFileSync(join(folder, 'precious', 'thesis.txt'), 'years of work');
    const { status, stderr } = await cli(['analyze', 'x.vmdk', '--output', join(folder, 'precious')]);
    t.is(status, 1);
    t.regex(stderr, /no earlier output/);
    t.deepEqual(readdirSync(join(folder, 'precious')), ['thesis.txt']);
  });
});

test.serial('a flag that may be repeated takes one value at a time, so that machines may follow it', async (t) => {
  await inScratch(async (folder) => {
    const { status, stderr } = await cli(['analyze', '--allow-dir', folder, join(folder, 'gone.vmdk')], {
      cwd: folder,
    });
    t.is(status, 1);
    t.regex(stderr, /gone\.vmdk/);
  });
});
