/** What one server said, as `ask-ports.sh` prints it. */
export interface Answer {
  /** A port (`53/udp` where it is not TCP), or the name of a database asked through its Unix socket. */
  readonly place: string;
  readonly kind: string;
  /** Without what differs from one connection or start to the next. */
  readonly text: string;
}

/** Reads lines of `ask-ports.sh`; whatever else stands between them is passed over. */
export function parseAnswers(lines: readonly string[]): Answer[] {
  return lines.flatMap((line) => {
    const match = /^(\S+) (banner|page|ping|name|snmp|version|time|sql|silent|closed) ?([A-Za-z0-9+/=]*)$/.exec(
      line.trim(),
    );
    if (match === null) return [];
    const answer = Buffer.from(match[3]!, 'base64');
    // What the clock says (RFC 5905) differs from the first stamp on: version and mode remain.
    const text = match[2] === 'time' ? `ntp ${(answer[0] ?? 0) & 0x3f}` : steady(answer);
    return [{ place: match[1]!, kind: match[2]!, text }];
  });
}

/** On a busy host a greeting may come after the first question: what is said then begins with what a greeting alone says. */
export function isSameAnswer(one: Answer, other: Answer): boolean {
  if (one.kind === other.kind) return one.text === other.text;
  const greeting = [one, other].find(({ kind }) => kind === 'banner');
  return (
    greeting !== undefined && greeting.text !== '' && [one, other].every(({ text }) => text.startsWith(greeting.text))
  );
}

const MONTH = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
/** As web servers list folders: `Nov 25 21:30`, `25Nov2026 21:30`, `26/Nov/2026 11:10:15`. */
const LISTED_TIMES = new RegExp(
  `\\b(?:(?:${MONTH}) [ 0-9]\\d +\\d\\d:\\d\\d|\\d{1,2}/?(?:${MONTH})/?\\d{4} \\d\\d:\\d\\d(?::\\d\\d)?)\\b`,
  'g',
);

/** Dates, the random numbers of a greeting, and what else a server makes up anew for each connection, are masked. */
export function steady(answer: Buffer): string {
  const text = answer.toString('latin1');
  // MySQL's first packet (protocol 10): after the version come a thread number and a random challenge.
  if (answer.length > 5 && answer[4] === 10) return `mysql ${text.slice(5, text.indexOf('\0', 5))}`;
  return text
    .replace(/^(Date|Expires|X-Request-Id|Set-Cookie): .*$/gim, '$1: *')
    .replace(/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [-+A-Z0-9]+/g, '*')
    .replace(LISTED_TIMES, '*');
}
