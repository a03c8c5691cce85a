import { parseEndpoint, parsePort } from '../addresses.js';

/** A port of the host that an engine opens for a container. */
export interface PublishedPort {
  /** As written; empty for every address. */
  readonly host: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
}

const MAX_RANGE = 200;

/**
 * `[[IP:]HOST:]CONTAINER[/PROTOCOL]` as `docker run --publish` and Compose write it, ranges included. Without a port of
 * the host the engine chooses one, which nobody can tell; null for what is no such text.
 */
export function parsePublished(text: string): PublishedPort[] | null {
  const match =
    /^(?:(?:(\[[0-9A-Fa-f:]{2,45}\]|[0-9.]{7,15}):)?(\d{1,5})?(?:-(\d{1,5}))?:)?\d{1,5}(?:-\d{1,5})?(?:\/(tcp|udp|sctp))?$/.exec(
      text.trim(),
    );
  if (match === null) return null;
  const [, host = '', from, to = from, protocol = 'tcp'] = match;
  if (from === undefined || protocol === 'sctp') return [];
  const [first, last] = [parsePort(from), parsePort(to!)];
  if (first === null || last === null || last < first || last - first >= MAX_RANGE) return null;
  const address = parseEndpoint(host)?.host ?? '';
  return Array.from({ length: last - first + 1 }, (_, index) => ({
    host: address,
    port: first + index,
    protocol: protocol as 'tcp' | 'udp',
  }));
}
