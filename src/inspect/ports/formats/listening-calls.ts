import type { ListeningPort } from '../../../model/services.js';

/** What a script can ask of whoever starts it; null for what it is not given. */
export interface ScriptFacts {
  environment(name: string): string | null;
  /** Value of `--name` on its command line. */
  option(name: string): string | null;
  /** From 0: the first word after the script. */
  argument(index: number): string | null;
}

export interface ListeningCall {
  /** Empty for every address of both families. */
  readonly host: string;
  readonly port: string;
  readonly protocol: ListeningPort['protocol'];
  readonly line: number;
}

interface Pattern {
  /** Up to and with the parenthesis of the call. */
  readonly call: RegExp;
  /** Positions of host and port among the arguments; a pair in parentheses counts as one, with `pair`. */
  readonly host?: number;
  readonly port: number;
  readonly pair?: true;
  /** Keyword arguments, or members of an object. */
  readonly keywords?: { readonly host: string; readonly port: string };
  readonly defaults?: { readonly host?: string; readonly port?: string };
  /** The text must have it: `.run(` is a call of many things. */
  readonly needs?: RegExp;
}

const KEYWORDS = { host: 'host', port: 'port' };
const PYTHON: readonly Pattern[] = [
  { call: /\b\w{0,40}(?:HTTPServer|TCPServer|UDPServer)\(/g, host: 0, port: 0, pair: true },
  { call: /\.bind\(/g, host: 0, port: 0, pair: true, needs: /\.listen\(|SOCK_DGRAM/ },
  { call: /\bsocket\.create_server\(/g, host: 0, port: 0, pair: true },
  { call: /\b(?:make_server|run_simple)\(/g, host: 0, port: 1 },
  { call: /\basyncio\.start_server\(|\bloop\.create_server\(/g, host: 1, port: 2, keywords: KEYWORDS },
  { call: /\buvicorn\.run\(/g, port: -1, keywords: KEYWORDS, defaults: { host: '127.0.0.1', port: '8000' } },
  { call: /\bweb\.run_app\(/g, port: -1, keywords: KEYWORDS, defaults: { host: '0.0.0.0', port: '8080' } },
  { call: /\b\w{0,30}app\w{0,30}\.run\(/g, host: 0, port: 1, keywords: KEYWORDS, defaults: { host: '127.0.0.1', port: '5000' }, needs: /\bflask\b/i },
  { call: /\.listen\(/g, port: 0, host: 1, keywords: { host: 'address', port: 'port' }, needs: /\btornado\b/ },
  { call: /\b(?:waitress\.)?serve\(/g, port: -1, keywords: KEYWORDS, defaults: { host: '0.0.0.0', port: '8080' }, needs: /\bwaitress\b/ },
]; // biome-ignore format: a table
const JAVASCRIPT: readonly Pattern[] = [
  { call: /\.listen\(/g, port: 0, host: 1, keywords: KEYWORDS },
  { call: /\.bind\(/g, port: 0, host: 1, keywords: { host: 'address', port: 'port' }, needs: /\bdgram\b/ },
]; // biome-ignore format: a table

const MAX_CALLS = 50;
const MAX_LENGTH = 262_144;

/** Calls that open a socket to listen on, as far as their arguments can be told. Lines count from 1. */
export function listeningCalls(source: string, language: 'python' | 'javascript', facts: ScriptFacts): ListeningCall[] {
  const text = withoutComments(source, language);
  const isDatagram =
    /SOCK_DGRAM|UDPServer|\bdgram\b/.test(text) && !/SOCK_STREAM|TCPServer|HTTPServer|createServer\(/.test(text);
  const found: ListeningCall[] = [];
  for (const pattern of language === 'python' ? PYTHON : JAVASCRIPT) {
    if (pattern.needs?.test(text) === false) continue;
    for (const match of text.matchAll(pattern.call)) {
      if (found.length >= MAX_CALLS) return found;
      const before = text.slice(Math.max(0, match.index - 40), match.index);
      // A definition is no call.
      if (/\b(?:class|def|function)\s+[\w.]{0,40}$/.test(before)) continue;
      const call = readCall(argumentsAt(text, match.index + match[0].length), pattern, (expression) =>
        valueOfExpression(expression, text, facts, 0),
      );
      if (call === null) continue;
      const line = text.slice(0, match.index).split('\n').length;
      // Python's servers and sockets are of IPv4 unless they are told otherwise; asyncio's are of both.
      const isFourth = pattern.pair === true && call.host === '' && !/AF_INET6|dualstack/.test(text);
      found.push({ ...call, host: isFourth ? '0.0.0.0' : call.host, protocol: isDatagram ? 'udp' : 'tcp', line });
    }
  }
  return found;
}

function readCall(
  given: readonly string[],
  { host, port, pair, keywords, defaults }: Pattern,
  evaluate: (expression: string) => string | null,
): { host: string; port: string } | null {
  let words = given;
  if (pair === true) {
    const [first = ''] = given;
    const tuple = first.startsWith('(') ? first : (evaluateTuple(first, evaluate) ?? '');
    if (!tuple.startsWith('(')) return null;
    words = argumentsAt(tuple, 1);
  } else if (given[0]?.startsWith('{')) words = argumentsAt(given[0], 1);
  const named = new Map(
    words.flatMap((word) => {
      const match = /^(\w{1,40})\s*[:=](?!=)\s*([\s\S]+)$/.exec(word);
      return match === null ? [] : [[match[1]!, match[2]!] as const];
    }),
  );
  const positional = words.filter(
    (word) => !/^\w{1,40}\s*[:=](?!=)/.test(word) && !/^(?:\(\)|function|async)/.test(word),
  );
  const at = pair === true ? { host: 0, port: 1 } : { host: host ?? -1, port };
  const expression = (name: string | undefined, index: number): string | undefined =>
    (name === undefined ? undefined : named.get(name)) ?? positional[index];
  const portText = expression(keywords?.port, at.port);
  const hostText = expression(keywords?.host, at.host);
  const portValue = portText === undefined ? (defaults?.port ?? null) : evaluate(portText);
  if (portValue === null || !/^\d{1,5}$/.test(portValue) || portValue === '0') return null;
  const isCallback = hostText !== undefined && /=>|^\w+$/.test(hostText) && evaluate(hostText) === null;
  const hostValue = hostText === undefined || isCallback ? (defaults?.host ?? '') : evaluate(hostText);
  return hostValue === null ? null : { host: hostValue, port: portValue };
}

/** A name that stands for a pair: its text comes back as it was written. */
function evaluateTuple(name: string, evaluate: (expression: string) => string | null): string | null {
  return /^[A-Za-z_]\w{0,60}$/.test(name) ? evaluate(`${name},`) : null;
}

/** The arguments from `start` to the closing parenthesis, parted at the commas of their own level. */
function argumentsAt(text: string, start: number): string[] {
  const found: string[] = [];
  let depth = 0;
  let quote = '';
  let from = start;
  for (let at = start; at < text.length && at < start + 2000; at += 1) {
    const character = text[at]!;
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'" || character === '`') quote = character;
    else if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) {
      depth -= 1;
      if (depth < 0) return [...found, text.slice(from, at).trim()].filter((word) => word !== '');
    } else if (character === ',' && depth === 0) {
      found.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [];
}

/** The value of an expression of constants, environment, options and names that are set once; null for all else. */
function valueOfExpression(written: string, text: string, facts: ScriptFacts, depth: number): string | null {
  if (depth > 6 || written.length > 400) return null;
  const again = (inner: string): string | null => valueOfExpression(inner, text, facts, depth + 1);
  const expression = written
    .trim()
    .replace(/^\((.*)\)$/s, '$1')
    .trim();
  if (/^\d{1,5}$/.test(expression)) return expression;
  const literal = /^(["'`])([^"'`\\$]{0,255})\1$/.exec(expression);
  if (literal !== null) return literal[2]!;
  const converted = /^(?:int|str|Number|parseInt|String|Number\.parseInt)\(([\s\S]*?)(?:,\s*10)?\)$/.exec(expression);
  if (converted !== null && isBalanced(converted[1]!)) return again(converted[1]!);
  const either = /^([\s\S]+?)\s*(?:\|\||\?\?|\bor\b)\s*([\s\S]+)$/.exec(expression);
  if (either !== null && isBalanced(either[1]!)) return emptyToNull(again(either[1]!)) ?? again(either[2]!);
  if (expression.startsWith('+')) return again(expression.slice(1));
  const environment =
    /^process\.env\.(\w{1,60})$/.exec(expression) ??
    /^(?:process\.env|(?:os\.)?environ)\[["'](\w{1,60})["']\]$/.exec(expression);
  if (environment !== null) return facts.environment(environment[1]!);
  const asked = /^(?:(?:os\.)?environ\.get|(?:os\.)?getenv)\(\s*["'](\w{1,60})["']\s*(?:,([\s\S]+))?\)$/.exec(
    expression,
  );
  if (asked !== null) return facts.environment(asked[1]!) ?? (asked[2] === undefined ? null : again(asked[2]));
  const position = /^(?:sys|process)\.argv\[(\d)\]$/.exec(expression);
  if (position !== null) return facts.argument(Number(position[1]) - (expression.startsWith('sys') ? 1 : 2));
  const member = /^\w{1,40}\.(\w{1,40})$/.exec(expression);
  if (member !== null) return facts.option(member[1]!) ?? optionDefault(member[1]!, text, again);
  const name = /^([A-Za-z_]\w{0,60})(,?)$/.exec(expression);
  if (name === null) return null;
  const assigned = assignedOnce(name[1]!, text);
  if (assigned === null) return null;
  if (name[2] === ',') return assigned.startsWith('(') ? assigned : null;
  return assigned === expression ? null : again(assigned);
}

/** argparse: `add_argument('--port', default=8000)`. */
function optionDefault(name: string, text: string, evaluate: (expression: string) => string | null): string | null {
  const dashed = name.replaceAll('_', '[-_]');
  const match = new RegExp(
    `add_argument\\([^\\n]{0,200}["']--${dashed}["'][^\\n]{0,200}?default\\s*=\\s*([^,)\\n]{1,100})`,
  ).exec(text);
  return match === null ? null : evaluate(match[1]!);
}

function assignedOnce(name: string, text: string): string | null {
  const assignments = [
    ...text.matchAll(new RegExp(`^[ \\t]*(?:const |let |var )?${name}(?:: ?\\w+)? ?= ?([^=\\n][^\\n]{0,300})$`, 'gm')),
  ];
  return assignments.length === 1 ? assignments[0]![1]!.trim().replace(/;$/, '').trim() : null;
}

function isBalanced(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function emptyToNull(value: string | null): string | null {
  return value === '' ? null : value;
}

/** Comments and texts of documentation give way to blanks of the same lines; what stands in quotes stays. */
function withoutComments(source: string, language: 'python' | 'javascript'): string {
  const text = source.slice(0, MAX_LENGTH);
  const isPython = language === 'python';
  const openers = isPython ? ['"""', "'''", '"', "'"] : ['"', "'", '`'];
  let result = '';
  let at = 0;
  const blank = (end: number): void => {
    result += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  const after = (mark: string, from: number): number => {
    const found = text.indexOf(mark, from);
    return found === -1 ? text.length : found + mark.length;
  };
  const lineEnd = (): number => after('\n', at) - (text.indexOf('\n', at) === -1 ? 0 : 1);
  while (at < text.length) {
    const opener = openers.find((each) => text.startsWith(each, at));
    if (opener?.length === 3) blank(after(opener, at + 3));
    else if (opener !== undefined) {
      let end = at + 1;
      // A text in plain quotes ends with its line at the latest.
      while (end < text.length && text[end] !== opener && (opener === '`' || text[end] !== '\n'))
        end += text[end] === '\\' ? 2 : 1;
      result += text.slice(at, end + 1);
      at = end + 1;
    } else if (text.startsWith(isPython ? '#' : '//', at)) blank(lineEnd());
    else if (!isPython && text.startsWith('/*', at)) blank(after('*/', at + 2));
    else {
      result += text[at];
      at += 1;
    }
  }
  return result;
}
