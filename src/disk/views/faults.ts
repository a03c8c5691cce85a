/**
 * Why this reader will not read a disk. `unsupported`: sound, but made with something it does not know. `damaged`: its
 * structures contradict each other. `limit`: sound as far as it was read, and too large. Never shown as such: whoever
 * opened the disk turns it into an AppError and lets the other reader try.
 */
export class Declined extends Error {
  override readonly name = 'Declined';
  readonly kind: 'unsupported' | 'damaged' | 'limit';

  constructor(kind: Declined['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

export function unsupported(message: string): Declined {
  return new Declined('unsupported', message);
}

export function damaged(message: string): Declined {
  return new Declined('damaged', message);
}

export function tooLarge(message: string): Declined {
  return new Declined('limit', message);
}

/** A 64-bit number of the disk as a number; one that cannot be exact is no honest offset. */
export function exact(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`${what} is ${value}`);
  return Number(value);
}
