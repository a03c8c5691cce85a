import Doctor from './doctor.js';

/** Every command, by the word that calls it. */
export const COMMANDS = { doctor: Doctor };
