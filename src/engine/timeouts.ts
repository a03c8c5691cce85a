/** Questions about an image. */
export const QUERY_TIMEOUT_MS = 2 * 60_000;
/** Builds, transfers: what a slow archive or disk may need, and still an end. */
export const CALL_TIMEOUT_MS = 3 * 3_600_000;
