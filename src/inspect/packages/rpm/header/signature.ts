import { headerBytes, headerStrings, type RpmHeader } from './header.js';
import { TAG } from './tags.js';

/** Signatures of the header first, then those of header and payload together; the new list of rpm 6 before all. */
const SIGNATURE_TAGS = [TAG.rsaHeader, TAG.dsaHeader, TAG.signatureGpg, TAG.signaturePgp];

const SUBPACKET_ISSUER = 16;
const SUBPACKET_FINGERPRINT = 33;
const MAX_SUBPACKETS = 100;

/** Key id of the signature a package was installed with: 16 hex digits in lower case; undefined without one. */
export function signingKey(header: RpmHeader): string | undefined {
  for (const encoded of headerStrings(header, TAG.openPgp).slice(0, 8)) {
    const key = issuerOf(Buffer.from(encoded.slice(0, 65536), 'base64'));
    if (key !== undefined) return key;
  }
  for (const tag of SIGNATURE_TAGS) {
    const packet = headerBytes(header, tag);
    const key = packet === undefined ? undefined : issuerOf(packet);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** The issuer that an OpenPGP signature packet names (RFC 4880, sections 4.2 and 5.2; RFC 9580 for version 6). */
export function issuerOf(packet: Buffer): string | undefined {
  const body = packetBody(packet);
  if (body === undefined || body.length < 6) return undefined;
  const version = body[0];
  if (version === 3) return body.length < 15 ? undefined : body.toString('hex', 7, 15);
  if (version !== 4 && version !== 6) return undefined;
  const wide = version === 6;
  const hashed = subpacketArea(body, 4, wide);
  const unhashed = hashed === undefined ? undefined : subpacketArea(body, hashed.end, wide);
  return issuerIn(hashed?.area) ?? issuerIn(unhashed?.area);
}

function packetBody(packet: Buffer): Buffer | undefined {
  const tag = packet[0];
  if (tag === undefined || packet.length < 2 || (tag & 0x80) === 0) return undefined;
  if ((tag & 0x40) !== 0) {
    if ((tag & 0x3f) !== 2) return undefined;
    const length = subpacketLength(packet, 1);
    return length === undefined ? undefined : packet.subarray(length.next);
  }
  if (((tag >> 2) & 0x0f) !== 2) return undefined;
  const lengthBytes = [1, 2, 4, 0][tag & 3]!;
  return packet.subarray(1 + lengthBytes);
}

function subpacketArea(body: Buffer, at: number, wide: boolean): { area: Buffer; end: number } | undefined {
  const start = at + (wide ? 4 : 2);
  if (start > body.length) return undefined;
  const length = wide ? body.readUInt32BE(at) : body.readUInt16BE(at);
  if (start + length > body.length) return undefined;
  return { area: body.subarray(start, start + length), end: start + length };
}

function issuerIn(area: Buffer | undefined): string | undefined {
  let at = 0;
  for (let count = 0; area !== undefined && at < area.length && count < MAX_SUBPACKETS; count += 1) {
    const length = subpacketLength(area, at);
    if (length === undefined || length.value < 1 || length.next + length.value > area.length) return undefined;
    const type = area[length.next]! & 0x7f;
    const content = area.subarray(length.next + 1, length.next + length.value);
    if (type === SUBPACKET_ISSUER && content.length === 8) return content.toString('hex');
    // Of a version 4 fingerprint the key id is the end, of a version 6 fingerprint the beginning.
    if (type === SUBPACKET_FINGERPRINT && content.length === 21) return content.toString('hex', 13);
    if (type === SUBPACKET_FINGERPRINT && content.length === 33) return content.toString('hex', 1, 9);
    at = length.next + length.value;
  }
  return undefined;
}

/** One, two or five bytes. */
function subpacketLength(bytes: Buffer, at: number): { value: number; next: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 192) return { value: first, next: at + 1 };
  if (first < 255) {
    const second = bytes[at + 1];
    return second === undefined ? undefined : { value: ((first - 192) << 8) + second + 192, next: at + 2 };
  }
  return at + 5 > bytes.length ? undefined : { value: bytes.readUInt32BE(at + 1), next: at + 5 };
}
