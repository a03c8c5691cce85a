/** 16 bytes as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`; undefined when all are zero. */
export function formatUuid(bytes: Uint8Array): string | undefined {
  const hex = Buffer.from(bytes).toString('hex');
  if (/^0*$/.test(hex)) return undefined;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** As {@link formatUuid} for GPT, whose first three fields are little-endian. */
export function formatGuid(bytes: Uint8Array): string | undefined {
  const b = Buffer.from(bytes);
  b.subarray(0, 4).reverse();
  b.subarray(4, 6).reverse();
  b.subarray(6, 8).reverse();
  return formatUuid(b);
}
