import test from 'ava';
import { failedLine } from '../../src/engine/failures.js';

const DOCKERFILE = '# heading\nFROM base\n\nRUN set -eu; \\\n    false\n\nADD delta.tar /\n';

const printed = test.macro({
  exec: (t, tail: readonly string[], expected: number | null) => t.is(failedLine(DOCKERFILE, tail), expected),
  title: (name) => `the line of the Dockerfile that failed is found in what ${name} prints`,
});

test('buildah', printed, ['STEP 1/3: FROM base', 'STEP 2/3: RUN set -eu;     false', 'Error: exit status 1'], 4);
test('the classic builder', printed, ['Step 1/3 : FROM base', 'Step 3/3 : ADD delta.tar /', 'no space left'], 7);
test('BuildKit', printed, ['ERROR: failed to solve', 'Dockerfile:4', '   3 |'], 4);

test('output that names no step names no line', (t) => {
  t.is(failedLine(DOCKERFILE, ['cannot connect']), null);
  t.is(failedLine(DOCKERFILE, ['STEP 2/3: COPY unknown /']), null);
});
