/** signal(7): an engine refuses an image whose STOPSIGNAL is none of these. */
const NAMES = new Set(
  `ABRT ALRM BUS CHLD CONT FPE HUP ILL INT IO KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG
  USR1 USR2 VTALRM WINCH XCPU XFSZ`.split(/\s+/),
);

/** A name with or without `SIG`, a number, or `RTMIN+n`; in capitals. */
export function isSignal(text: string): boolean {
  const bare = text.replace(/^SIG/, '');
  if (/^[1-9][0-9]?$/.test(text)) return Number(text) <= 64;
  return NAMES.has(bare) || /^RTMIN(?:\+(?:[1-9]|1[0-5]))?$|^RTMAX(?:-(?:[1-9]|1[0-4]))?$/.test(bare);
}
