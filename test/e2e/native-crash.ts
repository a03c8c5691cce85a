import test from 'ava';
import { CRASHES, recoversAsKernel } from '../guest/native/crash.js';
import { whyNoMount } from '../guest/native/images.js';

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const crash of CRASHES) {
  check(`${crash.name}, copied while busy, is recovered as the kernel recovers it${why}`, (t) =>
    recoversAsKernel(t, crash, 2000),
  );
}
