/** The digest in `sha256:…` or `repository@sha256:…`, as engines print it; null when there is none. */
export function manifestDigest(text: string): string | null {
  return /(?:^|@)(sha256:[0-9a-f]{64})$/.exec(text)?.[1] ?? null;
}
