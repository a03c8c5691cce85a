import type { ContainerService } from '../../model/containers.js';
import { isSecretVariable, MASK, MIN_SECRET_LENGTH, secretWords } from '../../syntax/secret-words.js';

/** A secret that the user fills in: its variable for Compose, and what it was found as. */
export interface SecretVariable {
  readonly name: string;
  readonly service: string;
  readonly source: string;
}

/** Text that is partly a variable of Compose. */
export type TextPart = string | SecretVariable;

/** A service without the secrets in its command and environment. */
export interface GuardedService {
  readonly service: ContainerService;
  readonly command: readonly (readonly TextPart[])[];
  readonly environment: readonly (readonly [name: string, value: string | SecretVariable])[];
  readonly secrets: readonly SecretVariable[];
}

/** Secrets become variables, unless they may be shown. `taken` keeps their names apart within one machine. */
export function guardService(service: ContainerService, showSecrets: boolean, taken: Set<string>): GuardedService {
  if (showSecrets)
    return { service, command: service.command.map((word) => [word]), environment: service.environment, secrets: [] };
  const secrets: SecretVariable[] = [];
  const variable = (word: string, source: string): SecretVariable => {
    const base = `${service.slug}_${word}`
      .toUpperCase()
      .replace(/[^A-Z0-9]+/g, '_')
      .slice(0, 100);
    const safe = /^[0-9]/.test(base) ? `S_${base}` : base;
    let name = safe;
    for (let number = 2; taken.has(name); number += 1) name = `${safe}_${number}`;
    taken.add(name);
    const made = { name, service: service.service, source };
    secrets.push(made);
    return made;
  };
  const known = new Map<string, SecretVariable>();
  const environment = service.environment.map(([name, value]): [string, string | SecretVariable] => {
    if (!isSecretVariable(name, value)) return [name, value];
    const made = variable(name, `environment variable ${name}`);
    if (value.length >= MIN_SECRET_LENGTH && !known.has(value)) known.set(value, made);
    return [name, made];
  });
  const ranges = new Map(
    secretWords(service.command)
      .filter(({ word }) => word !== service.scriptWord)
      .map((range) => [range.word, range]),
  );
  for (const { word: index, start, end } of ranges.values()) {
    const word = service.command[index]!;
    const option = optionName(word.slice(0, start)) ?? optionName(service.command[index - 1] ?? '');
    const value = word.slice(start, end);
    if (!known.has(value)) known.set(value, variable(option ?? 'argument', `argument ${index} of its command`));
  }
  const everywhere = [...known].filter(([value]) => value.length >= MIN_SECRET_LENGTH);
  const command = service.command.map((word, index): TextPart[] => {
    if (index === service.scriptWord) return [word];
    const range = ranges.get(index);
    const parts: TextPart[] =
      range === undefined
        ? [word]
        : [word.slice(0, range.start), known.get(word.slice(range.start, range.end))!, word.slice(range.end)];
    return everywhere.reduce<TextPart[]>((given, [value, made]) => splitAt(given, value, made), parts);
  });
  return { service, command, environment, secrets };
}

function optionName(text: string): string | null {
  return /^-{1,2}([A-Za-z][\w-]{0,60})/.exec(text)?.[1] ?? /^([A-Za-z][\w-]{0,60})=/.exec(text)?.[1] ?? null;
}

/** The same secret at other places: a unit may repeat a variable in a command. */
function splitAt(parts: readonly TextPart[], value: string, made: SecretVariable): TextPart[] {
  return parts.flatMap((part): TextPart[] =>
    typeof part === 'string'
      ? part.split(value).flatMap((piece, index): TextPart[] => (index === 0 ? [piece] : [made, piece]))
      : [part],
  );
}

/** The command for a place that knows no variables. */
export function maskedCommand({ command }: GuardedService): string[] {
  return command.map((parts) => parts.map((part) => (typeof part === 'string' ? part : MASK)).join(''));
}
