import { execFileSync } from 'node:child_process';
import type { TestFn } from 'ava';

/** Null, with a test that says why, where the appliance cannot run. */
export function testWithAppliance(test: TestFn): TestFn | null {
  try {
    execFileSync('guestfish', ['--version'], { stdio: 'ignore' });
    execFileSync('qemu-nbd', ['--version'], { stdio: 'ignore' });
  } catch {
    test.skip('left out: libguestfs or qemu-nbd is not installed', () => {});
    return null;
  }
  if (process.geteuid?.() === 0) return test;
  test.skip('left out: making device nodes and owners needs root', () => {});
  return null;
}
