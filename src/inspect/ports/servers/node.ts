import { readUnknownProgram } from '../generic.js';
import type { PortReader } from '../reader.js';

/** A Node program says in its code where it listens; PORT and options are the convention, and all that can be read. */
export const node: PortReader = {
  name: 'node',
  programs: ['node', 'nodejs'],
  read: readUnknownProgram,
};
