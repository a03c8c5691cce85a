import { writeFileSync } from 'node:fs';
import test from 'ava';
import { silentProgress } from '../../src/model/progress.js';
import { checkMachines } from '../../src/pipeline/doctor.js';
import { command, emptyImage, mounted, whyNoMount } from '../guest/native/images.js';

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;
const MIB = 2 ** 20;

process.env.LIBGUESTFS_BACKEND_SETTINGS = 'force_tcg';

function look(...machines: string[]) {
  const { signal } = new AbortController();
  return checkMachines({ machines, allowDirs: [], progress: silentProgress, signal });
}

check(`a disk that is understood gets the reader without an appliance where KVM is not usable${why}`, async (t) => {
  const disk = emptyImage('doctor', 32 * MIB);
  command('mkfs.ext4', '-q', '-F', disk);
  mounted(disk, '', (folder) => command('sh', '-ec', `cd ${folder}; mkdir etc usr; echo x > etc/passwd`));
  const [found] = await look(disk);
  t.is(found!.status, 'ok');
  t.is(found!.name, disk);
  t.regex(found!.message, /takes native: KVM does not work here.*\(ext4\)/);
});

check(`an encrypted disk gets the appliance, and the reason is said${why}`, async (t) => {
  const disk = emptyImage('doctor-luks', MIB);
  const header = Buffer.alloc(MIB);
  header.write('LUKS\xba\xbe\x00\x02', 0, 'latin1');
  writeFileSync(disk, header);
  const [found] = await look(disk);
  t.regex(found!.message, /takes libguestfs: .*encrypted \(LUKS\)/);
});

test('a disk that is not there fails with advice, and the others are still looked at', async (t) => {
  const checks = await look('/nonexistent/a', '/nonexistent/b');
  t.deepEqual(
    checks.map(({ status }) => status),
    ['failed', 'failed'],
  );
  t.truthy(checks[0]!.todo);
});
