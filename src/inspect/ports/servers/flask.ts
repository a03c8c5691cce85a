import { collectFindings } from '../findings.js';
import { readUnknownProgram } from '../generic.js';
import type { PortReader } from '../reader.js';

/** `flask run` (Flask's documentation, "Command Line Interface"): --host, --port, FLASK_RUN_HOST, FLASK_RUN_PORT. */
export const flask: PortReader = {
  name: 'flask',
  programs: ['flask'],
  async read(context) {
    const { command } = context;
    if (!command.arguments.includes('run')) return readUnknownProgram(context);
    const findings = await collectFindings(context, { names: 'first' });
    const host = command.option('host', 'h') ?? command.environment('FLASK_RUN_HOST');
    const port = command.option('port', 'p') ?? command.environment('FLASK_RUN_PORT') ?? command.builtIn(5000);
    findings.add(host?.value ?? '127.0.0.1', port.value, port);
    return findings.done();
  },
};
