/** A shell script as data: as much of POSIX.1-2017, Shell Command Language, as init scripts are made of. */

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** `:-`, `-`, `:=`, `=`, `:+`, `+`, `:?`, `?`, `#`, `##`, `%`, `%%`, or empty. */
      readonly operator: string;
      readonly operand: Word;
      readonly quoted: boolean;
    }
  /** `$(…)` and backquotes; arithmetic has a null script. */
  | { readonly kind: 'output'; readonly script: Script | null; readonly quoted: boolean };

export type Word = readonly Part[];
export type Script = readonly Statement[];

export type Statement =
  | {
      readonly kind: 'command';
      readonly assignments: readonly { readonly name: string; readonly value: Word; readonly append: boolean }[];
      readonly words: readonly Word[];
      readonly line: number;
    }
  | { readonly kind: 'and' | 'or'; readonly left: Statement; readonly right: Statement }
  | { readonly kind: 'not'; readonly body: Statement }
  | { readonly kind: 'background'; readonly body: Statement }
  | { readonly kind: 'pipe'; readonly parts: readonly Statement[] }
  | { readonly kind: 'group'; readonly body: Script; readonly subshell: boolean }
  | {
      readonly kind: 'if';
      readonly branches: readonly { readonly test: Script; readonly body: Script }[];
      readonly otherwise: Script;
    }
  | {
      readonly kind: 'case';
      readonly subject: Word;
      readonly arms: readonly { readonly patterns: readonly Word[]; readonly body: Script }[];
    }
  | { readonly kind: 'for'; readonly name: string; readonly words: readonly Word[] | null; readonly body: Script }
  | { readonly kind: 'while'; readonly test: Script; readonly body: Script }
  | { readonly kind: 'function'; readonly name: string; readonly body: Statement };
