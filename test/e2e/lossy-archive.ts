import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An archive that names fewer packages than it did: what it still names comes from the archive it stands for. */
export interface LossyArchive {
  /** A line of sources.list(5) for the machine. */
  readonly line: string;
  /** Sources whose binary packages it lost. */
  readonly lost: readonly string[];
  close(): Promise<void>;
}

export interface LossySetting {
  /** The real archive and its suite, main alone. */
  readonly uri: string;
  readonly suite: string;
  readonly architecture: string;
  /** Of the server; without it any that is free. */
  readonly port?: number;
  /** Whether the machine has this very version: only those are offered, and of them every second source is lost. */
  readonly has: (item: { readonly name: string; readonly version: string }) => boolean;
}

/** Serves the index of what is left on the loopback address; files are sent for where the real archive has them. */
export async function lossyArchive({
  uri,
  suite,
  architecture,
  has,
  port: wanted = 0,
}: LossySetting): Promise<LossyArchive> {
  const real = uri.replace(/\/$/, '');
  const packed = Buffer.from(
    await (await fetch(`${real}/dists/${suite}/main/binary-${architecture}/Packages.xz`)).arrayBuffer(),
  );
  const stanzas = execFileSync('xz', ['-dc'], { input: packed, maxBuffer: 1 << 30 })
    .toString()
    .split('\n\n')
    .filter((stanza) => stanza.startsWith('Package: '))
    .filter((stanza) => has({ name: field(stanza, 'Package')!, version: field(stanza, 'Version')! }));
  const sourceOf = (stanza: string): string => (field(stanza, 'Source') ?? field(stanza, 'Package')!).split(' ')[0]!;
  const sources = [...new Set(stanzas.map(sourceOf))].sort();
  const lost = sources.filter((_, number) => number % 2 === 0);
  const kept = stanzas.filter((stanza) => !lost.includes(sourceOf(stanza)));
  const index = Buffer.from(`${kept.join('\n\n')}\n`);
  const release = [
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${new Date().toUTCString()}`,
    `Architectures: ${architecture}`,
    'Components: main',
    'SHA256:',
    ` ${createHash('sha256').update(index).digest('hex')} ${index.length} main/binary-${architecture}/Packages`,
    '',
  ].join('\n');
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (path === `/dists/${suite}/Release`) response.end(release);
    else if (path === `/dists/${suite}/main/binary-${architecture}/Packages`) response.end(index);
    else if (path.startsWith('/pool/')) response.writeHead(302, { location: `${real}${path}` }).end();
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    line: `deb [trusted=yes] http://127.0.0.1:${port} ${suite} main`,
    lost,
    close: () => closed(server),
  };
}

function field(stanza: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1];
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
