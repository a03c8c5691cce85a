import test from 'ava';
import { whyNoMount } from './images.js';
import { agreesWithKernel, XFS_VARIANTS } from './matrix.js';

// The whole matrix is in test/e2e; these differ most from each other.
const FEW = ['xfs', 'xfs-512', 'xfs-64k-folders'];
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const variant of XFS_VARIANTS.filter(({ name }) => FEW.includes(name))) {
  check(`${variant.name} looks as the kernel shows it${why}`, (t) => agreesWithKernel(t, variant, 'small'));
}
