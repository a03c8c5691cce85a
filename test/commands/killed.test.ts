import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { noSmallDisk, SMALL_DISK } from './cli.js';

/** The tool as it is installed, ended in the middle of its work. */

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const able = noSmallDisk === null ? test.serial : test.serial.skip;
const why = noSmallDisk === null ? '' : ` (left out: ${noSmallDisk})`;
const DEADLINE_MS = 15_000;

type Moment = 'launching' | 'reading';

const leavesNothing = test.macro({
  async exec(t, command: readonly string[], moment: Moment, end: (child: ChildProcess) => void) {
    const scratch = mkdtempSync(join(tmpdir(), 'killed-'));
    const [temporary, place] = [join(scratch, 'tmp'), join(scratch, 'place')];
    mkdirSync(temporary);
    mkdirSync(place);
    const child = spawn(process.execPath, [BIN, ...command, SMALL_DISK, '-o', join(place, 'out')], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TMPDIR: temporary, LIBGUESTFS_BACKEND_SETTINGS: 'force_tcg' },
    });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    let said = '';
    child.stderr!.on('data', (part: Buffer) => {
      said += part.toString();
    });
    try {
      t.true(
        await within(120_000, () =>
          moment === 'launching' ? isServed(temporary, 'qemu-system') : /listing files|reading/.test(said),
        ),
        said,
      );
      t.true(isServed(temporary, 'qemu-nbd'), 'the test sees what it looks for');
      t.true(readdirSync(place).length > 0, 'the output is being prepared');
      end(child);
      await ended;
      t.true(await within(DEADLINE_MS, () => servers(temporary).length === 0), servers(temporary).join('\n'));
      t.true(await within(DEADLINE_MS, () => readdirSync(temporary).length === 0), readdirSync(temporary).join('\n'));
      t.true(await within(DEADLINE_MS, () => readdirSync(place).length === 0), readdirSync(place).join('\n'));
      t.true(existsSync(SMALL_DISK));
    } finally {
      child.kill('SIGKILL');
      rmSync(scratch, { recursive: true, force: true });
    }
  },
  title: (how, command: readonly string[]) =>
    `${how} of ${command[0]} leaves no process, no temporary file and no unfinished output`,
});

/** Without the cache, by which a second run of these tests would have nothing to read. */
const reading = ['--reader', 'libguestfs', '--no-cache'];
const analyze = ['analyze', ...reading];
const convert = ['convert', ...reading, '--engine', 'none', '--base-image', 'scratch'];
const kill = (child: ChildProcess): boolean => child.kill('SIGKILL');
/** As the terminal does it: to all of the foreground's processes. */
const interrupt = (child: ChildProcess): boolean => process.kill(-child.pid!, 'SIGINT');

able(`kill -9${why}`, leavesNothing, analyze, 'reading', kill);
able(`Ctrl-C${why}`, leavesNothing, analyze, 'reading', interrupt);
able(`Ctrl-C during the launch${why}`, leavesNothing, analyze, 'launching', interrupt);
able(`kill -9${why}`, leavesNothing, convert, 'reading', kill);

function isServed(folder: string, program: string): boolean {
  return servers(folder).some((line) => line.includes(program));
}

/** Command lines of servers that name the folder, or have it in their environment. */
function servers(folder: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      if (!/qemu|guestfish/.test(command)) continue;
      if (command.includes(folder) || readFileSync(`/proc/${pid}/environ`, 'latin1').includes(folder)) {
        found.push(`${pid} ${command}`);
      }
    } catch {
      // it has ended meanwhile
    }
  }
  return found;
}

async function within(limitMs: number, condition: () => boolean): Promise<boolean> {
  for (const end = Date.now() + limitMs; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (condition()) return true;
  }
  return condition();
}
