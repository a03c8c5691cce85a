import Analyze from './analyze.js';
import Convert from './convert.js';
import Doctor from './doctor.js';
import Size from './size.js';
import Verify from './verify.js';

/** What starts the command line: from here, so that one file holds the commands and what runs them. */
export { execute } from '@oclif/core';

/**
 * Every command, by the word that calls it. All are known at each start, for their flags; what a command does is loaded
 * by its `run`, since half of the code belongs to commands that were not called.
 */
export const COMMANDS = { analyze: Analyze, convert: Convert, doctor: Doctor, size: Size, verify: Verify };
