import type { TestFn } from 'ava';

/** Owners, devices and security attributes can only be made by root: without it the tests are skipped, and say so. */
export function testAsRoot(test: TestFn): TestFn | null {
  if (process.geteuid?.() === 0) return test;
  test.skip('left out: making device nodes and owners needs root', () => {});
  return null;
}
