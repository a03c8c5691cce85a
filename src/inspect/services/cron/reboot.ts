import { findAccount } from '../accounts.js';
import { evidence, type FoundService, type ServiceContext } from '../context.js';
import { emptyService, missingProgram, toRecord } from '../found.js';
import { readScript } from '../script/index.js';

/** A line of a crontab that runs once, when the daemon starts. */
export interface RebootLine {
  readonly path: string;
  readonly line: number;
  readonly command: string;
  readonly user: string;
  /** Variables of the lines above. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * What `@reboot` lines start: servers of people who have no right to write units. A command that is not sent to the
 * background may as well do its work and end (`oneshot`): it counts as a service where it turns out to listen.
 */
export async function readRebootLine(context: ServiceContext, line: RebootLine): Promise<FoundService[]> {
  const { launches } = await readScript(context, {
    path: line.path,
    text: untilInput(line.command),
    parameters: ['/bin/sh'],
    variables: line.variables,
    firstLine: line.line,
  });
  const home = findAccount(context.accounts, line.user)?.home ?? null;
  return launches.slice(0, 20).flatMap((launch, index): FoundService[] => {
    const missing = missingProgram(context.fs, launch.command);
    if (missing !== null)
      context.report('program-missing', line.path, `line ${line.line}: ${missing} is not on the disk`);
    return [
      {
        ...emptyService(`cron:${line.path}:${line.line}${index === 0 ? '' : `.${index + 1}`}`, 'cron'),
        enabled: missing === null,
        command: launch.command,
        inferred: true,
        type:
          launch.kind === 'daemon' && !launch.foreground ? 'forking' : launch.kind === 'command' ? 'oneshot' : 'simple',
        user: launch.user ?? line.user,
        group: launch.group,
        workingDirectory: launch.workingDirectory ?? home,
        environment: toRecord(line.variables),
        evidence: [evidence(line.path, line.line)],
        definition: line.path,
      },
    ];
  });
}

/** crontab(5): what follows a percent sign is the command's input, unless a backslash stands before it. */
function untilInput(command: string): string {
  return (/^(?:[^%\\]|\\[\s\S])*/.exec(command)?.[0] ?? '').replaceAll('\\%', '%');
}
