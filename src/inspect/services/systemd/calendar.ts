/**
 * Five cron fields for a calendar expression of systemd.time(7), only where both mean exactly the same moments; null
 * otherwise (seconds, years, last days of months, both a weekday and a day of month, time zones, several a minute).
 */
export function calendarToCron(text: string): string | null {
  const shorthand = SHORTHANDS.get(text.trim().toLowerCase());
  if (shorthand !== undefined) return shorthand;
  const words = text.trim().split(/\s+/);
  let weekdays = '*';
  let date: string | null = null;
  let time: string | null = null;
  for (const word of words) {
    if (/^[A-Za-z]/.test(word) && weekdays === '*' && date === null && time === null) {
      const parsed = weekdayField(word);
      if (parsed === null) return null;
      weekdays = parsed;
    } else if (word.includes(':') && time === null) time = word;
    else if (word.includes('-') && date === null && time === null) date = word;
    else return null;
  }
  if (date === null && time === null && weekdays === '*') return null;
  const dateFields = dateField(date ?? '*-*-*');
  const timeFields = timeField(time ?? '00:00:00');
  if (dateFields === null || timeFields === null) return null;
  // cron takes a day when either field matches, systemd only when both do.
  if (weekdays !== '*' && dateFields.day !== '*') return null;
  return `${timeFields.minute} ${timeFields.hour} ${dateFields.day} ${dateFields.month} ${weekdays}`;
}

const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['minutely', '* * * * *'],
  ['hourly', '0 * * * *'],
  ['daily', '0 0 * * *'],
  ['weekly', '0 0 * * 1'],
  ['monthly', '0 0 1 * *'],
  ['yearly', '0 0 1 1 *'],
  ['annually', '0 0 1 1 *'],
  ['quarterly', '0 0 1 1,4,7,10 *'],
  ['semiannually', '0 0 1 1,7 *'],
]);

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

function weekdayField(text: string): string | null {
  const days: string[] = [];
  for (const part of text.replace(/,$/, '').split(',')) {
    const ends = part
      .split('..')
      .map((name) => (/^[A-Za-z]{3,9}$/.test(name) ? WEEKDAYS.indexOf(name.slice(0, 3).toLowerCase()) : -1));
    if (ends.length > 2 || ends.includes(-1)) return null;
    const [from, to] = ends as [number, number | undefined];
    if (to === undefined) days.push(String(from));
    else if (from <= to) days.push(`${from}-${to}`);
    else if (to === 0) days.push(`${from}-7`);
    else days.push(`${from}-6`, `0-${to}`);
  }
  return days.join(',');
}

function dateField(text: string): { month: string; day: string } | null {
  const parts = text.split('-');
  if (parts.length === 3 && parts[0] !== '*') return null;
  if (parts.length < 2 || parts.length > 3) return null;
  const month = numberField(parts.at(-2)!, 1, 12);
  const day = numberField(parts.at(-1)!, 1, 31);
  return month === null || day === null ? null : { month, day };
}

function timeField(text: string): { hour: string; minute: string } | null {
  const parts = text.split(':');
  if (parts.length < 2 || parts.length > 3) return null;
  if (parts.length === 3 && !/^0{1,2}(?:\.0+)?$/.test(parts[2]!)) return null;
  const hour = numberField(parts[0]!, 0, 23);
  const minute = numberField(parts[1]!, 0, 59);
  return hour === null || minute === null ? null : { hour, minute };
}

function numberField(text: string, low: number, high: number): string | null {
  const parts: string[] = [];
  for (const part of text.split(',')) {
    const match = /^(\*|([0-9]{1,2})(?:\.\.([0-9]{1,2}))?)(?:\/([0-9]{1,2}))?$/.exec(part);
    if (match === null) return null;
    const from = match[2] === undefined ? low : Number(match[2]);
    const to = match[3] === undefined ? null : Number(match[3]);
    const step = match[4] === undefined ? null : Number(match[4]);
    if (from < low || from > high || (to !== null && (to < from || to > high)) || step === 0) return null;
    if (match[1] === '*') parts.push(step === null ? '*' : `*/${step}`);
    else if (step !== null) parts.push(`${from}-${to ?? high}/${step}`);
    else parts.push(to === null ? String(from) : `${from}-${to}`);
  }
  return parts.join(',');
}
