import { quoteShell } from '../../syntax/shell.js';
import { oneLine } from '../text.js';

/** Quoting for Dockerfiles (Dockerfile reference, "Escaping" and "Environment replacement"). */

/** A value of LABEL, ENV or ARG: in double quotes, nothing expanded, on one line. */
export function dockerValue(text: string): string {
  return `"${oneLine(text).replace(/[\\"$]/g, '\\$&')}"`;
}

/** A comment: one line, and never a parser directive (`# key=value` on the first lines). */
export function dockerComment(text: string): string {
  return `# ${oneLine(text)}`;
}

/**
 * A word of a shell command inside RUN. The Dockerfile parser joins lines at a final backslash and knows heredocs, so
 * a guest string that holds a line break has no place in a RUN; names of packages and versions never do.
 * @throws TypeError for a string with line breaks or other control characters.
 */
export function runWord(text: string): string {
  if (/[\0-\x1f\x7f]/.test(text)) throw new TypeError('a word of a RUN command holds control characters');
  return quoteShell(text);
}

/** A RUN of several commands, one a line, ending at the first that fails. */
export function runCommands(commands: readonly string[], mounts: readonly string[] = []): string {
  return `RUN ${mounts.map((mount) => `--mount=${mount} `).join('')}set -eu; \\\n${commands.map((command) => `    ${command}`).join('; \\\n')}`;
}

/** A command with its arguments one a line. */
export function commandWithList(command: string, words: readonly string[]): string {
  return [command, ...words.map((word) => `      ${runWord(word)}`)].join(' \\\n');
}
