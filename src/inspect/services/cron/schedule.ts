/** The nicknames of crontab(5) as five fields; `@reboot` is no time. */
const NICKNAMES: ReadonlyMap<string, string | null> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
  ['@reboot', null],
]);

export interface CronLine {
  readonly schedule: string;
  readonly cron: string | null;
  readonly user: string | null;
  readonly command: string;
}

/** One line of a crontab; null for what is none (comment, variable, nonsense). `hasUser`: the sixth field is a user. */
export function parseCronLine(line: string, hasUser: boolean): CronLine | null {
  const text = line.trim().slice(0, 20_000);
  if (text === '' || text.startsWith('#')) return null;
  const pattern = text.startsWith('@')
    ? /^(@\S{1,20})\s+(\S[\s\S]*)$/
    : /^-?((?:\S{1,200}[ \t]+){4}\S{1,200})[ \t]+(\S[\s\S]*)$/;
  const match = pattern.exec(text);
  if (match === null) return null;
  const schedule = match[1]!.replace(/[ \t]+/g, ' ');
  const isNickname = schedule.startsWith('@');
  if (isNickname ? !NICKNAMES.has(schedule) && !/^@every_/.test(schedule) : !isSchedule(schedule)) return null;
  const rest = hasUser ? /^(\S{1,100})\s+(\S[\s\S]*)$/.exec(match[2]!) : null;
  if (hasUser && rest === null) return null;
  return {
    schedule,
    cron: isNickname ? (NICKNAMES.get(schedule) ?? null) : schedule,
    user: rest?.[1] ?? null,
    command: (rest?.[2] ?? match[2]!).trim(),
  };
}

/** `NAME = value` of crontab(5), quotes around either taken off; null for any other line. */
export function parseCronVariable(line: string): [name: string, value: string] | null {
  const match = /^\s*(["']?)([A-Za-z_][A-Za-z0-9_]{0,200})\1\s*=(.*)$/.exec(line.slice(0, 20_000));
  if (match === null) return null;
  return [match[2]!, match[3]!.trim().replace(/^(["'])(.*)\1$/, '$2')];
}

function isSchedule(text: string): boolean {
  return text.split(' ').every((field) => /^[0-9A-Za-z*,/~-]{1,200}$/.test(field)) && !/^[A-Za-z_]/.test(text);
}
