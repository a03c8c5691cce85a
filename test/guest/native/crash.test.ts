import test from 'ava';
import { CRASHES, recoversAsKernel } from './crash.js';
import { whyNoMount } from './images.js';

// All of them are in test/e2e.
const FEW = ['ext4', 'ext4-data-journal', 'xfs', 'xfs-large-records'];
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const crash of CRASHES.filter(({ name }) => FEW.includes(name))) {
  check(`${crash.name}, copied while busy, is recovered as the kernel recovers it${why}`, (t) =>
    recoversAsKernel(t, { ...crash, rounds: 2 }, 600),
  );
}
