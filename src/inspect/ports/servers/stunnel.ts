import { collectFindings } from '../findings.js';
import { INI_STYLE } from '../formats/lines.js';
import type { PortContext, PortReader } from '../reader.js';
import { fromFile, isNo, readLines } from '../settings.js';

/** stunnel(8): `accept` of each service, `[host:]port`; the services of a client listen as well. */
export const stunnel: PortReader = {
  name: 'stunnel',
  programs: ['stunnel', 'stunnel4', 'stunnel3'],
  packages: ['stunnel4', 'stunnel'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'mapped' });
    for (const path of await configurations(context)) {
      const entries = await readLines(context.files, path, { ...INI_STYLE, separator: '=', comments: '#;' });
      for (const entry of entries) {
        if (entry.key.toLowerCase() !== 'accept') continue;
        // stunnel opens `::` for a port alone; where the kernel lets it, that takes both families.
        const port = /^[A-Za-z0-9-]+$/.test(entry.value) ? entry.value : undefined;
        if (port === undefined) findings.endpoint(fromFile(entry));
        else findings.add('*', port, fromFile(entry));
      }
    }
    return findings.done();
  },
};

/** The one that is named; Debian's init script starts each of the folder, unless it is told not to. */
async function configurations({ command, files }: PortContext): Promise<string[]> {
  const named = command.arguments.find((word) => word.startsWith('/'));
  if (named !== undefined && !command.program.startsWith('/etc/init.d/')) return [named];
  const switches = await readLines(files, '/etc/default/stunnel4', { separator: '=', comments: '#', unquote: true });
  const enabled = switches.findLast(({ key }) => key === 'ENABLED')?.value;
  if (enabled !== undefined && isNo(enabled)) return [];
  const pattern = switches.findLast(({ key }) => key === 'FILES')?.value ?? '/etc/stunnel/*.conf';
  return pattern.split(/\s+/).flatMap((each) => files.expand(each));
}
