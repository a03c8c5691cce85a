import { absolute } from '../config-files.js';
import { collectFindings, type Findings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import type { Setting } from '../setting.js';
import { fromFile, readLines } from '../settings.js';

const KEYS = [
  'http',
  'https',
  'http-socket',
  'https-socket',
  'socket',
  'uwsgi-socket',
  'fastcgi-socket',
  'scgi-socket',
  'http11-socket',
  'stats',
  'raw-socket',
];

/** https://uwsgi-docs.readthedocs.io/en/latest/Options.html; the ini form, and the same names as options. */
export const uwsgi: PortReader = {
  name: 'uwsgi',
  programs: ['uwsgi', 'uwsgi-core', 'uwsgi_python3', 'uwsgi-emperor'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command, files } = context;
    for (const key of KEYS)
      for (const setting of command.options(key, ...(key === 'socket' ? ['s'] : []))) addSocket(findings, setting);
    const named = [
      ...command.options('ini').map((setting) => setting.value),
      ...command.arguments.filter((argument) => /\.ini$/.test(argument) && !argument.startsWith('-')),
    ];
    const vassals = command.options('emperor').flatMap(({ value }) => vassalsOf(context, value));
    // Debian's script starts each file of apps-enabled.
    const debian =
      /init\.d/.test(command.program) || command.arguments.length === 0
        ? files.folder('/etc/uwsgi/apps-enabled', '.ini')
        : [];
    const paths = [
      ...named.map((path) => absolute(path, context.service.workingDirectory ?? '/')),
      ...vassals,
      ...debian,
    ];
    for (const path of [...new Set(paths)].slice(0, 200)) await addFile(context, path, findings);
    return findings.done();
  },
};

/** What the emperor watches: a folder, or a pattern. */
function vassalsOf({ files }: PortContext, watched: string): string[] {
  return [...files.expand(watched).filter((path) => path.endsWith('.ini')), ...files.folder(watched, '.ini')];
}

async function addFile(context: PortContext, path: string, findings: Findings, isVassal = false): Promise<void> {
  const name = path.replace(/^.*\//, '').replace(/\.ini$/, '');
  for (const entry of await readLines(context.files, path, { ...INI_STYLE, separator: '=' })) {
    // A vassal may be an emperor too; one level is what is met.
    if (entry.key === 'emperor' && !isVassal && entry.section === 'uwsgi') {
      for (const vassal of vassalsOf(context, entry.value).slice(0, 200))
        await addFile(context, vassal, findings, true);
    }
    if (!KEYS.includes(entry.key) || (entry.section !== '' && entry.section !== 'uwsgi')) continue;
    addSocket(findings, { ...fromFile(entry), value: entry.value.replaceAll('%n', name).replaceAll('%N', name) });
  }
}

function addSocket(findings: Findings, setting: Setting): void {
  const address = setting.value
    .split(',')[0]!
    .trim()
    .replace(/^=\d+$/, '');
  if (address === '') return;
  // An empty host is IPv4 alone.
  if (/^:?\d+$/.test(address)) findings.add('0.0.0.0', address.replace(':', ''), setting);
  else findings.endpoint({ ...setting, value: address });
}
