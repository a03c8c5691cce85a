import type { Verification } from '../pipeline/build-verification.js';
import { oneLine } from '../render/text.js';

/** Every difference with its kind, what no layer can hold, and a verdict in one line. */
export function verificationLines(verification: Verification): string[] {
  const { differences, unrepresentable, excluded } = verification;
  return [
    ...differences.map(({ kind, path, machine, image }) => {
      const sides =
        kind === 'missing' || kind === 'extra' ? (machine ?? image) : `${machine || '-'} became ${image || '-'}`;
      return oneLine(`${kind.padEnd(9)}  ${path}  ${sides}`);
    }),
    ...(unrepresentable.length === 0 ? [] : ['What no image can hold:']),
    ...unrepresentable.map(({ path, reason }) => oneLine(`  ${path}: ${reason}`)),
    differences.length === 0
      ? `identical: the image is the machine (${excluded.length} paths left out, ${unrepresentable.length} that no image can hold)`
      : `different: ${differences.length} differences in ${new Set(differences.map(({ path }) => path)).size} paths`,
  ];
}
