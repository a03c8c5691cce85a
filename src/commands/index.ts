import Analyze from './analyze.js';
import Convert from './convert.js';
import Doctor from './doctor.js';
import Size from './size.js';
import Verify from './verify.js';

/** Every command, by the word that calls it. */
export const COMMANDS = { analyze: Analyze, convert: Convert, doctor: Doctor, size: Size, verify: Verify };
