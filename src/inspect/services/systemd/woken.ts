import { readText, type ServiceContext } from '../context.js';
import type { Boot } from './graph.js';

/** A service behind a socket that another one connects to as soon as it starts. */
interface Wake {
  readonly service: string;
  readonly client: string;
  /** Whether the client's own configuration keeps it from asking. */
  readonly isQuiet: (context: Pick<ServiceContext, 'fs' | 'report'>) => Promise<boolean>;
}

const WAKES: readonly Wake[] = [
  // smb.conf(5), `load printers`, `printing`, `disable spoolss`: smbd lists the printers of CUPS before it serves anybody.
  {
    service: 'cups.service',
    client: 'smbd.service',
    isQuiet: async (context) => {
      const text = (await readText(context, '/etc/samba/smb.conf')) ?? '';
      return /^\s*(?:load\s+printers\s*=\s*(?:no|false|0)|printing\s*=\s*(?!cups)\S|disable\s+spoolss\s*=\s*(?:yes|true|1))/im.test(
        text,
      );
    },
  },
];

/** Whether a service that only its socket starts is started at boot all the same, by another one that connects. */
export async function isWoken(name: string, boot: Boot, context: ServiceContext): Promise<boolean> {
  for (const { service, client, isQuiet } of WAKES)
    if (service === name && boot.units.get(client)?.outcome === 'started' && !(await isQuiet(context))) return true;
  return false;
}
