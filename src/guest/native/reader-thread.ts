import { Worker } from 'node:worker_threads';
import { AppError, ERROR_CODES, type ErrorCode } from '../../errors.js';
import type { BridgeRequest } from './bridge-view.js';
import type { Message, Reply, Request, SentError } from './protocol.js';

/** After which the reader gives a disk up. */
export interface ReaderLimits {
  /** Megabytes of JavaScript objects. */
  readonly heapMegabytes: number;
  /** Without an answer. */
  readonly silenceSeconds: number;
}

const LIMITS: ReaderLimits = { heapMegabytes: 1024, silenceSeconds: 60 };
const YOUNG_HEAP = 8;

/** The worker as a function from request to answers. Requests are served one after the other, and may be made ahead. */
export interface ReaderThread {
  /** The answer to a request. Memory that goes with it is gone here. */
  ask(request: Request): Promise<Exclude<Reply, { kind: 'error' }>>;
  close(): Promise<void>;
}

/** @param serve Fetches bytes of a disk for the worker. */
export function startReaderThread(
  serve: (request: BridgeRequest) => Promise<void>,
  limits: Partial<ReaderLimits> = {},
): ReaderThread {
  const { heapMegabytes, silenceSeconds } = { ...LIMITS, ...limits };
  const worker = takeAhead(heapMegabytes) ?? startWorker(heapMegabytes);
  /** Who waits for an answer, in the order of the questions. */
  const waiting: { resolve(reply: Reply): void; reject(error: AppError): void }[] = [];
  let failure: AppError | undefined;
  let silence: NodeJS.Timeout | undefined;
  const listen = (): void => {
    clearTimeout(silence);
    if (waiting.length === 0) return;
    silence = setTimeout(() => {
      fail(`nothing was read for ${silenceSeconds} s`);
      void worker.terminate();
    }, silenceSeconds * 1000);
  };
  const fail = (reason: string): void => {
    failure ??= declined(reason);
    for (const each of waiting.splice(0)) each.reject(failure);
    listen();
  };
  worker.on('message', (message: Message) => {
    if (message.kind === 'bridge') {
      void serve(message);
      return;
    }
    waiting.shift()?.resolve(message);
    listen();
  });
  worker.on('error', (error: Error & { code?: string }) => {
    const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    fail(isMemory ? `it needs more than ${heapMegabytes} MB of memory` : `the reader failed: ${error.message}`);
  });
  worker.on('exit', () => fail('the reader ended early'));

  return {
    async ask(request) {
      if (failure !== undefined) throw failure;
      const isReturning = request.kind === 'next' && request.spent !== undefined;
      worker.postMessage(request, isReturning ? [request.spent.buffer as ArrayBuffer] : []);
      const reply = await new Promise<Reply>((resolve, reject) => {
        waiting.push({ resolve, reject });
        if (waiting.length === 1) listen();
      });
      if (reply.kind === 'error') throw receivedError(reply.error);
      return reply;
    },
    async close() {
      fail('the reader was closed');
      await worker.terminate();
    },
  };
}

let ahead: Worker | undefined;

/**
 * Starts the worker that the next {@link startReaderThread} takes. It loads its parsers while the rest of the program is
 * loaded and the disks are checked, which takes about as long. When nobody takes it, it ends with the program.
 */
export function startReaderAhead(): void {
  if (ahead !== undefined) return;
  const worker = startWorker(LIMITS.heapMegabytes);
  const forget = (): void => {
    if (ahead === worker) ahead = undefined;
  };
  worker.once('error', forget);
  worker.once('exit', forget);
  worker.unref();
  ahead = worker;
}

function takeAhead(heapMegabytes: number): Worker | undefined {
  if (heapMegabytes !== LIMITS.heapMegabytes) return undefined;
  const worker = ahead;
  ahead = undefined;
  worker?.ref();
  return worker;
}

function startWorker(heapMegabytes: number): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: heapMegabytes, maxYoungGenerationSizeMb: YOUNG_HEAP };
  const settings = { resourceLimits, stdout: true, stderr: true };
  if (!import.meta.url.endsWith('.ts')) return new Worker(new URL('./worker.js', import.meta.url), settings);
  // From source, in tests: a worker does not inherit the loader that understands TypeScript.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL('./worker.ts', import.meta.url).href);
  const start = `import(${loader}).then(({ register }) => { register(); return import(${entry}); })`;
  return new Worker(start, { ...settings, eval: true });
}

function receivedError(error: SentError): AppError {
  if (error.kind === 'app' && error.code !== undefined && error.code in ERROR_CODES) {
    return new AppError(error.code as ErrorCode, error.message, {
      ...(error.where && { where: error.where }),
      todo: error.todo ?? '',
      ...(error.detail !== undefined && { detail: error.detail }),
    });
  }
  return declined(error.message);
}

function declined(reason: string): AppError {
  const message = reason.split('\n', 1)[0]!;
  return new AppError('native-declined', `The disks cannot be read in-process: ${message}`, {
    todo: 'Use the other reader: --reader libguestfs',
    ...(reason !== message && { detail: reason }),
  });
}
