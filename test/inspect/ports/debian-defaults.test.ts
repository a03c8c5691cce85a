import test from 'ava';
import type { MemoryNode } from '../../../src/guest/memory/memory-guest.js';
import { findReader, PORT_READERS } from '../../../src/inspect/ports/index.js';
import { decodePath } from '../../../src/model/path.js';
import { DEBIAN_DEFAULTS, type DefaultCase } from './debian-defaults.js';
import { commandOfUnit, debianPackages, readTexts } from './debian-packages.js';
import { portsOf, service } from './service.js';
import { UPSTREAM_DEFAULTS } from './upstream-defaults.js';

const fetched = await debianPackages([...new Set(DEBIAN_DEFAULTS.flatMap((row) => row.packages))].sort());

const runDefault = test.macro(async (t, row: DefaultCase) => {
  const plain = fetched.guest(row.packages);
  const more: Record<string, MemoryNode> = {};
  for (const [path, text] of Object.entries(row.more ?? {})) {
    if (text.startsWith('link:')) more[path] = { target: text.slice(5) };
    else more[path] = text.startsWith('copy:') ? await plain.readFile(text.slice(5)) : text;
  }
  const guest = fetched.guest(row.packages, more);
  await readTexts(guest);
  const path = ['/lib/systemd/system/', '/usr/lib/systemd/system/']
    .map((folder) => folder + row.unit.replace(/@[^.]*/, '@'))
    .find((candidate) => guest.exists(candidate));
  const unit = path === undefined ? '' : decodePath(await guest.readFile(path));
  const { command, environment } = commandOfUnit(guest, row.unit, unit);
  const tested = service(row.unit, row.command ?? command, {
    environment,
    evidence: [{ path: path ?? '/etc/init.d' }],
  });
  const { ports, listens, inspection } = await portsOf(guest, tested, fetched.versions(row.packages));

  t.deepEqual(
    ports.map((port) => port.replace(/(\/\S*):\d+$/, '$1').replace('/usr/lib/systemd', '/lib/systemd')),
    row.ports,
  );
  t.deepEqual(listens, row.listens ?? []);
  t.deepEqual(inspection.problems, []);
  for (const port of inspection.byService.get(row.unit)!.ports) {
    if (port.evidence.line === undefined) continue;
    const line = decodePath(await guest.readFile(port.evidence.path)).split('\n')[port.evidence.line - 1] ?? '';
    t.regex(line, /^\s*[^#;\s]/, `${port.evidence.path}:${port.evidence.line} is a comment or empty`);
  }
  const names = [row.unit.replace(/(?:@.*)?\.service$/, ''), (row.command ?? command)[0]?.replace(/^.*\//, '') ?? ''];
  t.is(findReader(names)?.name, row.reader);
});

for (const row of DEBIAN_DEFAULTS) {
  const title = `${row.unit} listens where Debian's packages ${row.packages.join(', ')} say`;
  if (fetched.missing === null) test(title, runDefault, row);
  else test.skip(`${title} (not tried: ${fetched.missing})`, runDefault, row);
}

test('every reader is tried on a default configuration, of Debian where it packages the server', (t) => {
  const tried = new Set([...DEBIAN_DEFAULTS, ...UPSTREAM_DEFAULTS].map((row) => row.reader));
  t.deepEqual(
    PORT_READERS.map((reader) => reader.name).filter((name) => !tried.has(name)),
    [],
  );
});
