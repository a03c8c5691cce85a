import { HOME_RULES, type PathRule, RULES } from './rules.js';

/** The rule that a path falls under; regular files only. Cheap, because it is asked for every file of the machine. */
export function ruleFor(path: string): PathRule | undefined {
  for (const { below, rules } of RULES) {
    if (!path.startsWith(below)) continue;
    const found = rules.find((rule) => rule.path.test(path));
    if (found !== undefined) return found;
  }
  if (!path.includes('/.') && !path.endsWith('/_netrc')) return undefined;
  return HOME_RULES.find((rule) => rule.path.test(path));
}
