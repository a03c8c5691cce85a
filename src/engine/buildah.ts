import { join } from 'node:path';
import { AppError } from '../errors.js';
import * as buildah from '../tools/buildah.js';
import { run } from '../tools/run.js';
import { runLogged } from '../tools/run-logged.js';
import { programVersion } from '../tools/versions.js';
import { buildahWorkbench } from './buildah-workbench.js';
import type { CallOptions, Engine, EngineImage } from './engine.js';
import { buildFailure, engineFailure } from './failures.js';
import { manifestDigest } from './manifest-digest.js';
import { missingBase } from './missing-base.js';
import { CALL_TIMEOUT_MS, QUERY_TIMEOUT_MS } from './timeouts.js';

/** Needs no daemon. Its images begin with `localhost/` where the tag names no registry. */
export const buildahEngine: Engine = {
  name: 'buildah',
  keepsUserAttributes: true,
  leavesNetworkFilesAlone: true,
  async version() {
    return (await programVersion('buildah')) ?? 'not installed';
  },
  async image(reference) {
    const { exitCode, stdout } = await run('buildah', buildah.inspectArguments(reference), {
      timeoutMs: QUERY_TIMEOUT_MS,
    });
    return exitCode === 0 ? describe(stdout) : null;
  },
  async pull(reference, { platform, ...options }) {
    const { exitCode, tail } = await call(buildah.pullArguments(reference, platform), options);
    if (exitCode !== 0) throw missingBase('buildah', reference, tail);
  },
  async build(request, options) {
    const labels = Object.entries(request.labels).map(([name, value]) => `${name}=${value}`);
    const { exitCode, tail } = await call(
      buildah.buildArguments(request.folder, request.tag, {
        labels,
        needsNetwork: request.needsNetwork,
        secrets: request.secrets,
      }),
      options,
    );
    if (exitCode !== 0) throw await buildFailure('buildah', request, tail);
  },
  workbench: buildahWorkbench,
  async save(reference, folder, options) {
    const layout = join(folder, 'layout');
    const name = reference.replace(/[^a-zA-Z0-9._-]/g, '-');
    const { exitCode, tail } = await call(buildah.saveArguments(reference, layout, name), options);
    if (exitCode !== 0) throw engineFailure('buildah', `save ${reference}`, tail);
    return { kind: 'oci', path: layout, name };
  },
  async push(reference, destination, options) {
    const { exitCode, tail } = await call(buildah.pushArguments(reference, destination), options);
    if (exitCode !== 0) throw engineFailure('buildah', `push ${destination}`, tail);
  },
};

function call(args: readonly string[], { log, signal, environment = {} }: CallOptions) {
  return runLogged('buildah', args, { onLine: log, signal, environment, timeoutMs: CALL_TIMEOUT_MS });
}

function describe(text: string): EngineImage {
  try {
    const { OCIv1, FromImageDigest = '' } = JSON.parse(text) as {
      FromImageDigest?: string;
      OCIv1: { rootfs?: { diff_ids?: string[] | null }; config?: { Labels?: Record<string, string> | null } };
    };
    return {
      layers: OCIv1.rootfs?.diff_ids ?? [],
      labels: OCIv1.config?.Labels ?? {},
      digest: manifestDigest(FromImageDigest),
    };
  } catch (cause) {
    throw new AppError('engine-failed', 'buildah describes an image in a way that is not understood', {
      todo: 'Use a release of buildah from 1.23 on.',
      cause,
    });
  }
}
