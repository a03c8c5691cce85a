import test from 'ava';
import { toApplianceError } from '../../src/tools/guestfish-error.js';

const means = test.macro({
  exec(t, command: string, words: string, code: string) {
    const error = toApplianceError(command, words);
    t.is(error.code as string, code);
    t.is(error.detail, words);
    t.not(error.todo, '');
  },
  title: (what) => `${what} has a code of its own and keeps the tool's words`,
});

test(
  'a missing kernel',
  means,
  'run',
  'supermin: failed to find a suitable kernel (host_cpu=x86_64).',
  'appliance-missing',
);
test(
  'an unreadable kernel',
  means,
  'run',
  'cp: cannot open /boot/vmlinuz-5.15.0-generic: Permission denied',
  'appliance-missing',
);
test('a full disk', means, 'run', 'libguestfs: error: write: No space left on device', 'disk-space');
test(
  'a damaged file system',
  means,
  'mount-options',
  'libguestfs: error: mount_options: mount exited with status 32: mount: /sysroot/root0: wrong fs type, bad option, bad superblock on /dev/sda1',
  'guest-damaged',
);
test(
  'a wrong key',
  means,
  'debug',
  'libguestfs: error: debug: No key available with this passphrase.',
  'guest-key-wrong',
);
test('a build without "debug"', means, 'debug', 'debug: unknown command', 'appliance-missing');
test(
  'a build whose "debug" runs no programs',
  means,
  'debug',
  "libguestfs: error: debug: use 'debug help 0' to list the supported commands",
  'appliance-missing',
);
test(
  'an appliance that died',
  means,
  'run',
  'libguestfs: error: appliance closed the connection unexpectedly.',
  'appliance-failed',
);
test(
  'a missing file',
  means,
  'download',
  'libguestfs: error: download: /root0/x: No such file or directory',
  'guest-file-missing',
);
