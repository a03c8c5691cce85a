import { globToRegExp } from '../../../syntax/glob.js';
import { shellWords } from '../../../syntax/shell.js';

/** An event as `initctl emit` names it, with its environment. */
export interface Event {
  readonly name: string;
  readonly environment: ReadonlyMap<string, string>;
}

export type Expression =
  | { readonly kind: 'event'; readonly name: string; readonly conditions: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'never' };

const MAX_WORDS = 2000;

/** `start on` of init(5): events with conditions, `and`, `or` (of one precedence, from the left), brackets. */
export function parseExpression(text: string): Expression {
  const words = (text.match(/"[^"]*"|'[^']*'|[()]|[^\s()"']+(?:"[^"]*"|'[^']*')?/g) ?? []).slice(0, MAX_WORDS);
  const state = { position: 0 };
  return parseSequence(words, state, 0) ?? { kind: 'never' };
}

function parseSequence(words: readonly string[], state: { position: number }, depth: number): Expression | null {
  let left = parseOperand(words, state, depth);
  while (state.position < words.length && left !== null) {
    const word = words[state.position]!;
    if (word !== 'and' && word !== 'or') break;
    state.position += 1;
    const right = parseOperand(words, state, depth);
    if (right === null) break;
    left = { kind: word, left, right };
  }
  return left;
}

function parseOperand(words: readonly string[], state: { position: number }, depth: number): Expression | null {
  const word = words[state.position];
  if (word === undefined || word === ')' || depth > 50) return null;
  state.position += 1;
  if (word === '(') {
    const inner = parseSequence(words, state, depth + 1);
    if (words[state.position] === ')') state.position += 1;
    return inner;
  }
  const conditions: string[] = [];
  while (state.position < words.length && !/^(?:and|or|\(|\))$/.test(words[state.position]!)) {
    conditions.push(shellWords(words[state.position]!)[0] ?? '');
    state.position += 1;
  }
  return { kind: 'event', name: word, conditions };
}

/** Whether events that all happened fulfil an expression. */
export function isFulfilled(expression: Expression, happened: ReadonlyMap<string, readonly Event[]>): boolean {
  switch (expression.kind) {
    case 'never':
      return false;
    case 'and':
      return isFulfilled(expression.left, happened) && isFulfilled(expression.right, happened);
    case 'or':
      return isFulfilled(expression.left, happened) || isFulfilled(expression.right, happened);
    case 'event':
      return (happened.get(expression.name) ?? []).some((event) => matches(expression.conditions, event));
  }
}

/** Conditions are values in the order of the event's environment, or `NAME=pattern`, `NAME!=pattern`. */
function matches(conditions: readonly string[], event: Event): boolean {
  const values = [...event.environment.values()];
  return conditions.every((condition, index) => {
    const named = /^([A-Za-z_][A-Za-z0-9_]*)(!?=)(.*)$/s.exec(condition);
    if (named === null) return pattern(condition).test(values[index] ?? '');
    // A name that nobody here knows the value of is left to the running machine.
    const value = event.environment.get(named[1]!);
    if (value === undefined) return named[2] === '!=';
    return pattern(named[3]!).test(value) === (named[2] === '=');
  });
}

function pattern(text: string): { test(text: string): boolean } {
  return text.includes('$') ? { test: () => true } : globToRegExp(text.slice(0, 500));
}
