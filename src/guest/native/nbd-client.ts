import { connect, type Socket } from 'node:net';

/** The part of the NBD protocol that reading needs (doc/proto.md of the NBD project, fixed newstyle, simple replies). */
export interface NbdClient {
  /** Bytes of the export. */
  readonly size: number;
  read(offset: number, length: number): Promise<Buffer>;
  close(): void;
}

const OPTION_MAGIC = 0x49484156454f5054n; // IHAVEOPT
const GREETING = 0x4e42444d41474943n; // NBDMAGIC
const OPTION_REPLY = 0x3e889045565a9n;
const REQUEST_MAGIC = 0x25609513;
const REPLY_MAGIC = 0x67446698;
const OPTION_GO = 7;
const REPLY = { acknowledged: 1, information: 3 } as const;
const COMMAND = { read: 0, disconnect: 2 } as const;
const MAX_OPTION_REPLY = 64 * 1024;
export const MAX_NBD_READ = 2 ** 25;

export async function connectNbd(socketPath: string, timeoutMs: number): Promise<NbdClient> {
  const socket = connect(socketPath);
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`the NBD server was silent for ${timeoutMs / 1000} s`)));
  const input = byteQueue(socket);
  try {
    const size = await negotiate(socket, input);
    return client(socket, input, size);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function client(socket: Socket, input: ByteQueue, size: number): NbdClient {
  let last: Promise<unknown> = Promise.resolve();
  let handle = 0n;
  const readOnce = async (offset: number, length: number): Promise<Buffer> => {
    const request = Buffer.alloc(28);
    handle += 1n;
    request.writeUInt32BE(REQUEST_MAGIC, 0);
    request.writeUInt16BE(COMMAND.read, 6);
    request.writeBigUInt64BE(handle, 8);
    request.writeBigUInt64BE(BigInt(offset), 16);
    request.writeUInt32BE(length, 24);
    socket.write(request);
    const reply = await input.take(16);
    if (reply.readUInt32BE(0) !== REPLY_MAGIC || reply.readBigUInt64BE(8) !== handle)
      throw new Error('NBD: not our answer');
    if (reply.readUInt32BE(4) !== 0) throw new Error(`NBD: reading failed with error ${reply.readUInt32BE(4)}`);
    return await input.take(length);
  };
  return {
    size,
    read(offset, length) {
      const result = last.then(() => readOnce(offset, length));
      last = result.catch(() => {});
      return result;
    },
    close() {
      const request = Buffer.alloc(28);
      request.writeUInt32BE(REQUEST_MAGIC, 0);
      request.writeUInt16BE(COMMAND.disconnect, 6);
      socket.end(request);
      socket.destroySoon();
    },
  };
}

/** Chooses the default export; gives its size. */
async function negotiate(socket: Socket, input: ByteQueue): Promise<number> {
  const greeting = await input.take(18);
  if (greeting.readBigUInt64BE(0) !== GREETING || greeting.readBigUInt64BE(8) !== OPTION_MAGIC)
    throw new Error('NBD: no server');
  const choice = Buffer.alloc(4 + 16 + 6);
  choice.writeUInt32BE(3, 0); // fixed newstyle, no zeroes
  choice.writeBigUInt64BE(OPTION_MAGIC, 4);
  choice.writeUInt32BE(OPTION_GO, 12);
  choice.writeUInt32BE(6, 16);
  socket.write(choice);
  let size: number | undefined;
  for (;;) {
    const reply = await input.take(20);
    const type = reply.readUInt32BE(12);
    const length = reply.readUInt32BE(16);
    if (reply.readBigUInt64BE(0) !== OPTION_REPLY || length > MAX_OPTION_REPLY) throw new Error('NBD: not an answer');
    const body = await input.take(length);
    if (type === REPLY.acknowledged && size !== undefined) return size;
    if (type === REPLY.information && length >= 12 && body.readUInt16BE(0) === 0)
      size = Number(body.readBigUInt64BE(2));
    else if (type !== REPLY.information) throw new Error(`NBD: the export was refused (${type})`);
  }
}

interface ByteQueue {
  take(count: number): Promise<Buffer>;
}

/** Collects what arrives until as much is there as was asked for; one taker at a time. */
function byteQueue(socket: Socket): ByteQueue {
  let chunks: Buffer[] = [];
  let available = 0;
  let failure: Error | undefined;
  let waiting: { count: number; resolve: (bytes: Buffer) => void; reject: (error: Error) => void } | undefined;
  const settle = (): void => {
    if (waiting === undefined) return;
    const { count, resolve, reject } = waiting;
    if (available >= count) {
      waiting = undefined;
      const joined = Buffer.concat(chunks);
      chunks = joined.length > count ? [joined.subarray(count)] : [];
      available -= count;
      resolve(joined.subarray(0, count));
    } else if (failure !== undefined) {
      waiting = undefined;
      reject(failure);
    }
  };
  const fail = (error: Error): void => {
    failure ??= error;
    settle();
  };
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    available += chunk.length;
    settle();
  });
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('NBD: the server closed the connection')));
  return {
    take: (count) =>
      new Promise((resolve, reject) => {
        waiting = { count, resolve, reject };
        settle();
      }),
  };
}
