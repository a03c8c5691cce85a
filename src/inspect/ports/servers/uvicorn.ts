import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';

/** https://www.uvicorn.org/settings/, hypercorn and daphne alike: flags and UVICORN_* variables, loopback by default. */
export const uvicorn: PortReader = {
  name: 'uvicorn',
  programs: ['uvicorn', 'daphne', 'hypercorn', 'fastapi'],
  async read(context) {
    const findings = await collectFindings(context);
    const { command } = context;
    const socket = command.option('uds', 'unix-socket', 'u');
    if (socket !== undefined || command.has('fd')) {
      if (socket !== undefined) findings.socket(socket.value);
      return findings.done();
    }
    if (command.names[0] === 'hypercorn') {
      const bound = command.options('b', 'bind');
      for (const setting of bound.length > 0 ? bound : [command.builtIn('127.0.0.1:8000')])
        findings.endpoint(setting, { port: 8000 });
      return findings.done();
    }
    const port = command.option('port', 'p') ?? command.environment('UVICORN_PORT') ?? command.builtIn(8000);
    const host = command.option('host', 'b', 'bind') ?? command.environment('UVICORN_HOST');
    findings.add(host?.value ?? '127.0.0.1', port.value, port);
    return findings.done();
  },
};
