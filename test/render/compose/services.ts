import type { RuntimeFacts } from '../../../src/model/containers.js';
import type { InspectedMachine } from '../../../src/model/inspected.js';
import type { ListeningPort, Service } from '../../../src/model/services.js';
import { planMachines } from '../../../src/plan/plan-machines.js';
import { renderOutput } from '../../../src/render/output.js';
import { buildReport } from '../../../src/render/report.js';
import { service } from '../../inspect/ports/service.js';
import { DEFAULT_OPTIONS, type MachineSketch, machineOf } from '../../plan/machine.js';

export function serviceOf(name: string, facts: Partial<Service> = {}): Service {
  return service(name, ['/usr/bin/app'], { evidence: [{ path: `/etc/systemd/system/${name}`, line: 1 }], ...facts });
}

export function portOf(port: number, address = '*', protocol: ListeningPort['protocol'] = 'tcp'): ListeningPort {
  return { port, protocol, address, evidence: { path: '/etc/app.conf', line: 3 } };
}

const RUNTIME: RuntimeFacts = {
  hostname: 'box',
  hosts: [{ address: '10.0.0.9', names: ['db', 'db.example.org'] }],
  folders: [],
  groups: new Set(['root', 'app']),
  users: new Map([
    ['root', { uid: 0, group: 'root' }],
    ['app', { uid: 900, group: 'app' }],
  ]),
};

const PROGRAM = { content: 'x', mode: 0o755 };
export const TOOLS = {
  '/usr/bin/sh': PROGRAM,
  '/usr/bin/tail': PROGRAM,
  '/usr/bin/grep': PROGRAM,
  '/usr/bin/env': PROGRAM,
  '/usr/bin/setpriv': PROGRAM,
};

export function machineWith(
  services: readonly Service[],
  sketch: MachineSketch & {
    readonly runtime?: Partial<RuntimeFacts>;
    readonly data?: readonly string[];
    readonly hardware?: { cpus?: number; memory?: number };
  } = {},
): InspectedMachine {
  const machine = machineOf({ ...sketch, files: { ...TOOLS, ...sketch.files } });
  const dataDirectories = (sketch.data ?? []).map((path) => ({ path, kind: 'test', size: 1, reason: 'test' }));
  return {
    ...machine,
    source: { ...machine.source, hardware: sketch.hardware ?? {} },
    files: { ...machine.files, dataDirectories },
    services,
    runtime: { ...RUNTIME, ...sketch.runtime },
  };
}

const RUN = { startedAt: '', finishedAt: '', versions: {}, options: {} };

/** Path → text of the output folder. */
export function outputOf(
  machines: readonly InspectedMachine[],
  options: { readonly showSecrets?: boolean; readonly includeServices?: readonly string[] } = {},
): Map<string, string> {
  const { includeServices, ...render } = options;
  const plan = planMachines(machines, {
    ...DEFAULT_OPTIONS,
    ...(includeServices === undefined ? {} : { includeServices }),
  });
  return new Map(
    [...renderOutput(plan, machines, buildReport(plan, machines, RUN, render), render)].map(({ path, content }) => [
      path,
      content.toString(),
    ]),
  );
}
