import { globToRegExp } from '../../../syntax/glob.js';
import { isOnDisk } from './expand.js';
import type { ScriptRun, Status, Value } from './machine.js';

/** `test`, `[` and `[[` on values of which some may be unknown. `words` lacks the command and the closing bracket. */
export function evaluateTest(words: readonly Value[], run: ScriptRun, isDouble: boolean): Status {
  const alternatives = splitAt(words, isDouble ? '||' : '-o');
  if (alternatives.length > 1) return any(alternatives.map((part) => evaluateTest(part, run, isDouble)));
  const conjuncts = splitAt(words, isDouble ? '&&' : '-a');
  if (conjuncts.length > 1) return all(conjuncts.map((part) => evaluateTest(part, run, isDouble)));
  if (words[0] === '!') {
    const inner = evaluateTest(words.slice(1), run, isDouble);
    return inner === null ? null : !inner;
  }
  if (words[0] === '(' && words.at(-1) === ')') return evaluateTest(words.slice(1, -1), run, isDouble);
  const [first, second, third] = words;
  if (words.length === 0) return false;
  if (words.length === 1) return first === null ? null : first !== '';
  if (words.length === 2) return unary(first!, second!, run);
  if (words.length === 3) return binary(first!, second!, third!, isDouble);
  return null;
}

function unary(operator: Value, operand: Value, run: ScriptRun): Status {
  if (operand === null || operator === null) return null;
  const { fs } = run.context;
  switch (operator) {
    case '-n':
      return operand !== '';
    case '-z':
      return operand === '';
    case '-t':
      return false;
    case '-h':
    case '-L':
      return isOnDisk(operand) ? fs.lstat(operand)?.type === 'symlink' : null;
    case '-v':
      return null;
  }
  if (!/^-[edfrwxsGOkugbcpS]$/.test(operator)) return null;
  if (operand === '') return false;
  if (!isOnDisk(operand)) {
    if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(operand))
      return /^\/(?:proc|sys|dev)\/?$|^\/dev\/(?:null|zero|u?random|tty0?|console)$/.test(operand) ? true : null;
    return /^\/(?:run|var\/run|var\/lock|tmp)\/?$/.test(operand);
  }
  const entry = fs.stat(operand);
  switch (operator) {
    case '-d':
      return entry?.type === 'directory';
    case '-f':
      return entry?.type === 'file';
    case '-x':
      return entry !== undefined && (entry.mode & 0o111) !== 0;
    case '-s':
      return entry?.type === 'file' ? entry.size > 0 : entry !== undefined;
    case '-b':
      return entry?.type === 'block';
    case '-c':
      return entry?.type === 'character';
    case '-p':
      return entry?.type === 'fifo';
    case '-S':
      return false;
    default:
      return entry !== undefined;
  }
}

function binary(left: Value, operator: Value, right: Value, isDouble: boolean): Status {
  if (left === null || right === null || operator === null) return null;
  switch (operator) {
    case '=':
    case '==':
      return isDouble && right.length < 500 ? globToRegExp(right).test(left) : left === right;
    case '!=':
      return isDouble && right.length < 500 ? !globToRegExp(right).test(left) : left !== right;
    case '-eq':
    case '-ne':
    case '-lt':
    case '-le':
    case '-gt':
    case '-ge':
      return compareNumbers(left, operator, right);
    default:
      return null;
  }
}

function compareNumbers(left: string, operator: string, right: string): Status {
  if (!/^\s*-?[0-9]{1,15}\s*$/.test(left) || !/^\s*-?[0-9]{1,15}\s*$/.test(right)) return false;
  const difference = Number(left) - Number(right);
  switch (operator) {
    case '-eq':
      return difference === 0;
    case '-ne':
      return difference !== 0;
    case '-lt':
      return difference < 0;
    case '-le':
      return difference <= 0;
    case '-gt':
      return difference > 0;
    default:
      return difference >= 0;
  }
}

function splitAt(words: readonly Value[], separator: string): Value[][] {
  const parts: Value[][] = [[]];
  words.forEach((word, index) => {
    // The operand of a comparison may look like an operator.
    const isOperand = index === 0 || words[index - 1] === '=' || words[index - 1] === '!=';
    if (word === separator && !isOperand) parts.push([]);
    else parts.at(-1)!.push(word);
  });
  return parts;
}

export function all(statuses: readonly Status[]): Status {
  if (statuses.includes(false)) return false;
  return statuses.includes(null) ? null : true;
}

function any(statuses: readonly Status[]): Status {
  if (statuses.includes(true)) return true;
  return statuses.includes(null) ? null : false;
}
