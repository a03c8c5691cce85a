import type { InspectedMachine } from '../../src/model/inspected.js';
import { decodePath } from '../../src/model/path.js';
import { machineOf, type PackageSketch } from '../plan/machine.js';

/** Text that would do something in a Dockerfile, a shell, Markdown or a terminal if it were not quoted. */
export const HOSTILE_TEXTS: readonly string[] = [
  'a\nRUN touch /pwned\n',
  '"; touch /pwned; "',
  "'; touch /pwned; '",
  '$(touch /pwned) `touch /pwned` $IFS',
  'ends in a backslash\\',
  '<<EOF',
  '--flag',
  '# syntax=evil/frontend',
  '\u001b]0;title\u0007\u202egnp.exe',
  '| a | b |\n[x](javascript:y)',
];

const ODD_NAMES = [
  ...HOSTILE_TEXTS.map((text) => `/srv/${text.replaceAll('/', '_')}`),
  decodePath(Buffer.from('/srv/\xff\xfe', 'latin1')),
];

export const HOSTILE_PACKAGES: readonly PackageSketch[] = [
  { name: 'bash', essential: true, files: { '/usr/bin/bash': 'b' } },
  { name: 'g++', version: '4:12.2.0-3~deb12u1', files: { '/usr/bin/g++': 'g' } },
  ...HOSTILE_TEXTS.map((text, index) => ({ name: `evil${index}`, version: text, files: {} })),
];

/** A machine that says hostile things wherever a guest can say something. */
export function hostileMachine(name = 'evil "$(touch /pwned)"\nRUN x'): InspectedMachine {
  const machine = machineOf({
    name,
    os: { prettyName: HOSTILE_TEXTS.join(' ') },
    packages: HOSTILE_PACKAGES,
    files: Object.fromEntries(ODD_NAMES.map((path) => [path, 'x'])),
    missing: ODD_NAMES.map((path) => ({ path: `${path}.gone`, owner: 'bash:amd64', configuration: false })),
  });
  return {
    ...machine,
    problems: HOSTILE_TEXTS.map((text) => ({ code: 'odd', path: `/srv/${text}`, reason: text })),
    services: [],
  };
}
