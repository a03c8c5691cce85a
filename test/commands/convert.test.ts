import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { noSmallDisk } from './cli.js';

const onPath = (program: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const missing =
  noSmallDisk ??
  (process.getuid?.() === 0 ? null : 'only root may mount disks') ??
  (onPath('buildah') ? null : 'buildah is not installed');
const check = missing === null ? test.serial : test.serial.skip;

check(
  `what convert writes from a disk alone, built with buildah, is the machine${missing === null ? '' : ` (skipped: ${missing})`}`,
  async (t) => {
    t.timeout(900_000);
    const script = new URL('../e2e/compare-disks.sh', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(script, ['small'], { maxBuffer: 64 * 1024 * 1024 });
    t.regex(stdout, /[1-9]\d{3} paths of the guest, \d+ of the image, 0 differences/);
  },
);
