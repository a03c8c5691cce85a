import { quoteShell, shellWords } from '../../../syntax/shell.js';
import { readText, type ServiceContext } from '../context.js';
import { readScript } from '../script/index.js';
import type { Setting } from './unit-file.js';
import type { Unit } from './unit-store.js';
import { listSettings } from './values.js';

type Context = Pick<ServiceContext, 'fs' | 'report'>;

/**
 * The ExecCondition= that keeps a service from starting (systemd.service(5)): a test or a line of shell that the disk
 * answers with no, or a helper that is known. Null where all of them hold or cannot be told.
 */
export async function failingExecCondition(
  unit: Unit,
  context: Context,
  expand: (text: string) => string,
): Promise<Setting | null> {
  for (const setting of listSettings(unit.settings, 'Service', 'ExecCondition')) {
    const words = shellWords(expand(setting.value).replace(/^[@:+!-]+/, ''));
    if ((await holds(words, context)) === false) return setting;
  }
  return null;
}

async function holds(words: readonly string[], context: Context): Promise<boolean | null> {
  const [program = '', ...rest] = words;
  if (program === '/usr/share/samba/is-configured') return isSambaConfigured(rest[0] ?? '', context);
  if (/^(?:(?:\/usr)?\/bin\/)?(?:test|\[)$/.test(program))
    return shellVerdict([program.replace(/^.*\//, ''), ...rest.map(quoteShell)].join(' '), context);
  if (/^(?:(?:\/usr)?\/bin\/)?(?:sh|bash|dash)$/.test(program) && rest[0] === '-c' && rest[1] !== undefined)
    return shellVerdict(rest[1], context);
  return null;
}

async function shellVerdict(text: string, context: Context): Promise<boolean | null> {
  const script = `if (\n${text}\n); then VERDICT=yes; else VERDICT=no; fi\n`;
  const { variables } = await readScript(context, { path: 'ExecCondition', text: script, parameters: ['sh'] });
  const verdict = variables.get('VERDICT');
  return verdict === 'yes' ? true : verdict === 'no' ? false : null;
}

/** Debian's helper asks testparm(1) for the role of the server: a domain controller runs `samba` in place of the others. */
async function isSambaConfigured(service: string, context: Context): Promise<boolean | null> {
  const text = await readText(context, '/etc/samba/smb.conf');
  if (text === null) return false;
  const isController = globalOption(text, 'server role') === 'active directory domain controller';
  switch (service) {
    case 'samba':
    case 'samba-ad-dc':
      return isController;
    case 'smb':
    case 'smbd':
    case 'winbind':
    case 'winbindd':
      return !isController;
    case 'nmb':
    case 'nmbd':
      return !isController && !/^(?:yes|true|1)$/.test(globalOption(text, 'disable netbios'));
    default:
      return null;
  }
}

/** smb.conf(5): names in any case, blanks in them do not count; the last line wins. */
function globalOption(text: string, name: string): string {
  let section = 'global';
  let value = '';
  for (const line of text.split('\n', 20_000)) {
    const clean = line.slice(0, 1000).trim().toLowerCase();
    const header = /^\[([^\]]*)\]/.exec(clean);
    if (header !== null) section = header[1]!.trim();
    const equals = clean.indexOf('=');
    if (equals < 0 || section !== 'global' || /^[#;]/.test(clean)) continue;
    if (clean.slice(0, equals).replace(/\s+/g, '') === name.replaceAll(' ', '')) value = clean.slice(equals + 1).trim();
  }
  return value;
}
