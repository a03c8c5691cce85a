import { collectFindings } from '../findings.js';
import type { PortReader } from '../reader.js';
import { lastOf, readYaml } from '../settings.js';

/** https://distribution.github.io/distribution/about/configuration/: http.addr, http.debug.addr, and REGISTRY_* for each. */
export const dockerRegistry: PortReader = {
  name: 'docker-registry',
  programs: ['docker-registry', 'registry', 'docker-distribution'],
  async read(context) {
    const findings = await collectFindings(context, { wildcards: 'either' });
    const { command, files } = context;
    const named = command.arguments.find((argument) => /\.ya?ml$/.test(argument));
    const path =
      named ?? files.first(['/etc/docker/registry/config.yml', '/etc/docker-distribution/registry/config.yml']);
    const leaves = await readYaml(files, path);
    const address = command.environment('REGISTRY_HTTP_ADDR') ?? lastOf(leaves, 'http.addr');
    if (address !== undefined) findings.endpoint(address);
    else if (path !== undefined)
      findings.problem('port-random', path, 'names no http.addr: the registry takes another port at every start');
    const debug = command.environment('REGISTRY_HTTP_DEBUG_ADDR') ?? lastOf(leaves, 'http.debug.addr');
    if (debug !== undefined) findings.endpoint(debug);
    return findings.done();
  },
};
