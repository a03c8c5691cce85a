import { shellWords } from '../../../syntax/shell.js';
import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import type { Setting } from '../setting.js';

/** `minio server --address --console-address` and MINIO_* variables; the console's port is random unless it is set. */
export const minio: PortReader = {
  name: 'minio',
  programs: ['minio'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command } = context;
    // Units write `minio server $MINIO_OPTS $MINIO_VOLUMES`; the variable counts when nobody expanded it.
    const packed = command.arguments.some((argument) => argument.includes('$MINIO_OPTS'))
      ? command.environment('MINIO_OPTS')
      : undefined;
    const words = shellWords((packed?.value ?? '').slice(0, 65_536));
    const option = (name: string): Setting | undefined => {
      const at = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
      const value = at === -1 ? undefined : (words[at]!.split('=')[1] ?? words[at + 1]);
      return command.option(name) ?? (value === undefined ? undefined : { ...packed!, value });
    };
    findings.endpoint(option('address') ?? command.environment('MINIO_ADDRESS') ?? command.builtIn(':9000'), {
      port: 9000,
    });
    const console = option('console-address') ?? command.environment('MINIO_CONSOLE_ADDRESS');
    if (console !== undefined) findings.endpoint(console);
    return findings.done();
  },
};
