import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { contractDisk, EMULATED } from './contract-disk.js';
import { testWithAppliance } from './needs.js';

const able = testWithAppliance(test);
const DEADLINE_MS = 15_000;

const leavesNothing = test.macro({
  async exec(t, ready: 'open' | 'launching', end: (child: ChildProcess) => void) {
    const temporary = mkdtempSync(join(tmpdir(), 'nothing-stays-'));
    const disk = contractDisk();
    const before = statSync(disk).mtimeMs;
    const helper = fileURLToPath(new URL('./fixtures/open-and-wait.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import=tsx', helper, disk], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...EMULATED, TMPDIR: temporary },
    });
    if (ready === 'open') {
      for await (const part of child.stdout!) {
        t.regex(String(part), /^open \d+/);
        break;
      }
    } else t.true(await within(60_000, () => processesNaming(temporary).some((line) => line.includes('qemu-system'))));
    t.true(
      processesNaming(temporary).some((line) => line.includes('qemu-nbd')),
      'the test sees what it looks for',
    );
    end(child);
    t.true(
      await within(DEADLINE_MS, () => processesNaming(temporary).length === 0),
      processesNaming(temporary).join('\n'),
    );
    t.true(
      await within(DEADLINE_MS, () => readdirSync(temporary).filter((name) => !name.startsWith('tsx-')).length === 0),
    );
    t.is(statSync(disk).mtimeMs, before, 'the disk is as it was');
    rmSync(temporary, { recursive: true, force: true });
  },
  title: (how) => `${how} leaves no appliance, no server and no temporary file`,
});

if (able !== null) {
  test.serial('kill -9 of an open guest', leavesNothing, 'open', (child) => child.kill('SIGKILL'));
  test.serial('Ctrl-C with an open guest', leavesNothing, 'open', (child) => process.kill(-child.pid!, 'SIGINT'));
  test.serial('kill -9 during the launch', leavesNothing, 'launching', (child) => child.kill('SIGKILL'));
}

/** Command lines of processes that name the folder, or have it in their environment; ours and their parent's left out. */
function processesNaming(folder: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
      const isServer = /qemu|guestfish/.test(command);
      if (isServer && (command.includes(folder) || environment.includes(folder))) found.push(`${pid} ${command}`);
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
