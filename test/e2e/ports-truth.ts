/**
 * Starts the daemons of Debian 12 one by one, each in namespaces of its own inside of a bootstrapped root folder, asks
 * the kernel what they listen on, and compares it with what is read from their files: as packaged, after changes that
 * are written down, and (`--edits`) after every line that names a port was changed, commented, moved into an include or
 * put into a disabled file. Needs root, mmdebstrap and a Debian archive.
 * `npx tsx test/e2e/ports-truth.ts [--changed|--edits] [--root a|b|c|d] [UNIT…]`
 */
import { fileURLToPath } from 'node:url';
import type { ListeningPort } from '../../src/model/services.js';
import { buildRoot } from './guest-recipe.js';
import { reach, reachable, startAndAsk } from './ports/ask.js';
import { CHANGED } from './ports/changed-rows.js';
import { editsOf } from './ports/edits.js';
import { LOCALHOST } from './ports/localhost-rows.js';
import { MORE_ROWS } from './ports/more-rows.js';
import { readPorts } from './ports/root.js';
import { RANDOM, ROOTS, ROWS, type Row } from './ports/rows.js';
import { SMALL_ROWS } from './ports/small-rows.js';

const WORK = fileURLToPath(new URL('../../build/e2e/services', import.meta.url));
const named = process.argv.filter((argument) => /\.service$/.test(argument));
const onlyRoot = process.argv.includes('--root') ? process.argv[process.argv.indexOf('--root') + 1] : undefined;
const isWanted = ({ unit, root }: Row): boolean =>
  (named.length === 0 || named.includes(unit)) && (onlyRoot === undefined || onlyRoot === root);
const tally = { agreed: 0, failed: 0, refused: 0 };

const packaged = [...ROWS, ...SMALL_ROWS, ...MORE_ROWS];
const all = process.argv.includes('--edits') ? [...packaged, ...CHANGED] : packaged;
for (const row of process.argv.includes('--changed') ? [...CHANGED, ...LOCALHOST] : all) {
  if (!isWanted(row)) continue;
  const root = await buildRoot(ROOTS[row.root], WORK);
  if (!process.argv.includes('--edits')) await compare(root, row, '');
  else {
    const seed = row.edits === undefined ? '' : ' (already changed)';
    const { ports } = await readPorts(root, row);
    for (const { what, row: edited } of editsOf(root, row, ports)) await compare(root, edited, `${seed} ${what}`);
  }
}
if (process.argv.length === 2) {
  for (const row of [...CHANGED, ...LOCALHOST]) await compare(await buildRoot(ROOTS[row.root], WORK), row, ' changed');
}
console.log(`${tally.agreed} of ${tally.agreed + tally.failed} daemons listen exactly where their files say`);
if (tally.refused > 0) console.log(`${tally.refused} edits kept the daemon from starting`);
process.exitCode = tally.failed === 0 ? 0 : 1;

async function compare(root: string, row: Row, what: string): Promise<void> {
  const { command, ports, unit, problems } = await readPorts(root, row);
  const found = reachable(ports.map(describe));
  const truth = await startAndAsk(root, row, command, unit);
  const missing = truth.listening.filter((port) => !found.includes(port) && !RANDOM[row.unit]?.test(port));
  const invented = found.filter((port) => !truth.listening.includes(port));
  // A daemon that an edit has broken listens nowhere: its files say where it would.
  if (
    what !== '' &&
    truth.listening.length === 0 &&
    found.length > 0 &&
    /error|fatal|fail|invalid|unknown|unable|the daemon has ended/i.test(truth.output)
  ) {
    tally.refused += 1;
    console.log(`----  ${row.unit}${what}: does not start: ${truth.output.trim().split('\n').at(-1)}`);
    return;
  }
  const same = missing.length === 0 && invented.length === 0;
  tally[same ? 'agreed' : 'failed'] += 1;
  console.log(`${same ? 'ok  ' : 'DIFF'} ${row.unit}${what}: ${found.join(', ') || '(none)'}`);
  if (same) return;
  if (missing.length > 0) console.log(`     listens, not read: ${missing.join(', ')}`);
  if (invented.length > 0) console.log(`     read, does not listen: ${invented.join(', ')}`);
  for (const problem of problems) console.log(`     ! ${problem}`);
  for (const line of truth.output.trim().split('\n').slice(-6)) console.log(`     | ${line}`);
}

function describe({ protocol, address, port }: ListeningPort): string {
  return `${protocol} ${reach(address)}:${port}`;
}
