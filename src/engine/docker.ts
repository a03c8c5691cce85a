import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../errors.js';
import * as docker from '../tools/docker.js';
import { run } from '../tools/run.js';
import { runLogged } from '../tools/run-logged.js';
import { dockerEngineVersion, programVersion } from '../tools/versions.js';
import type { CallOptions, Engine, EngineImage } from './engine.js';
import { buildFailure, engineFailure } from './failures.js';
import { manifestDigest } from './manifest-digest.js';
import { missingBase } from './missing-base.js';
import { CALL_TIMEOUT_MS, QUERY_TIMEOUT_MS } from './timeouts.js';
import { WORKBENCH_SECONDS } from './workbench.js';

/** Only this builder of Docker's knows mounts. */
const BUILDKIT = { DOCKER_BUILDKIT: '1' };

/** Docker's client speaks to the engine that `DOCKER_HOST` or its context names; `DOCKER_BUILDKIT` chooses the builder. */
export const dockerEngine = dockerLikeEngine('docker', {
  keepsUserAttributes: false,
  leavesNetworkFilesAlone: false,
  version: async () => (await dockerEngineVersion()) ?? 'no engine answers',
});

/** Podman takes Docker's command lines and needs no daemon. */
export const podmanEngine = dockerLikeEngine('podman', {
  keepsUserAttributes: true,
  leavesNetworkFilesAlone: true,
  version: async () => (await programVersion('podman')) ?? 'not installed',
});

function dockerLikeEngine(
  program: docker.DockerLike,
  traits: Pick<Engine, 'keepsUserAttributes' | 'leavesNetworkFilesAlone' | 'version'>,
): Engine {
  const call = (args: readonly string[], { log, signal, environment = {} }: CallOptions) =>
    runLogged(program, args, { onLine: log, signal, environment, timeoutMs: CALL_TIMEOUT_MS });
  const orFail = async (args: readonly string[], options: CallOptions, what: string): Promise<void> => {
    const { exitCode, tail } = await call(args, options);
    if (exitCode !== 0) throw engineFailure(program, what, tail);
  };
  return {
    name: program,
    ...traits,
    async image(reference) {
      const { exitCode, stdout } = await run(program, docker.inspectArguments(reference), {
        timeoutMs: QUERY_TIMEOUT_MS,
      });
      return exitCode === 0 ? describe(program, stdout) : null;
    },
    async pull(reference, { platform, ...options }) {
      const { exitCode, tail } = await call(docker.pullArguments(program, reference, platform), options);
      if (exitCode !== 0) throw missingBase(program, reference, tail);
    },
    async build(request, options) {
      const labels = Object.entries(request.labels).map(([name, value]) => `${name}=${value}`);
      const stages = program === 'docker' ? request.stages : undefined;
      const mark = randomUUID();
      const setting = {
        ...{ labels, needsNetwork: request.needsNetwork, secrets: request.secrets },
        buildArguments: stages === undefined ? [] : [`${stages.argument}=${mark}`],
      };
      const args = docker.buildArguments(program, request.folder, request.tag, setting);
      const builder = program === 'docker' && request.hasMounts === true ? BUILDKIT : {};
      const environment = { ...options.environment, ...builder };
      const { exitCode, tail } = await call(args, { ...options, environment });
      if (stages !== undefined) {
        await run(program, docker.pruneArguments(`${stages.label}=${mark}`), { timeoutMs: QUERY_TIMEOUT_MS });
      }
      if (exitCode !== 0) throw await buildFailure(program, request, tail);
    },
    async workbench({ reference, mounts }, { signal, environment = {} }) {
      const setting = { timeoutMs: CALL_TIMEOUT_MS, signal, environment };
      const begun = await run(program, docker.waitArguments(reference, WORKBENCH_SECONDS, mounts), setting);
      if (begun.exitCode !== 0) throw engineFailure(program, `start ${reference}`, begun.stderr.split('\n'));
      const container = begun.stdout.trim();
      let isOpen = true;
      return {
        run: (script) => run(program, docker.shellArguments(container), { ...setting, input: script }),
        async close() {
          if (!isOpen) return;
          isOpen = false;
          await run(program, docker.removeArguments(container), { timeoutMs: QUERY_TIMEOUT_MS });
        },
      };
    },
    async save(reference, folder, options) {
      const path = join(await mkdtemp(join(folder, 'saved-')), 'image.tar');
      await orFail(docker.saveArguments(program, reference, path), options, `save ${reference}`);
      return { kind: 'docker-archive', path };
    },
    async push(reference, destination, options) {
      await orFail(docker.tagArguments(reference, destination), options, `tag ${destination}`);
      await orFail(docker.pushArguments(program, destination), options, `push ${destination}`);
    },
  };
}

function describe(program: string, text: string): EngineImage {
  try {
    const [image] = JSON.parse(text) as [
      {
        RootFS?: { Layers?: string[] | null };
        Config?: { Labels?: Record<string, string> | null };
        RepoDigests?: string[] | null;
      },
    ];
    return {
      layers: image.RootFS?.Layers ?? [],
      labels: image.Config?.Labels ?? {},
      digest: manifestDigest(image.RepoDigests?.[0] ?? ''),
    };
  } catch (cause) {
    throw new AppError('engine-failed', `${program} describes an image in a way that is not understood`, {
      todo: 'Look at its release: 20.10 of Docker and 3.0 of Podman are known to work.',
      cause,
    });
  }
}
