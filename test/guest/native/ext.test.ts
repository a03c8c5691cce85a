import test from 'ava';
import { whyNoMount } from './images.js';
import { agreesWithKernel, EXT_VARIANTS } from './matrix.js';

// The whole matrix is in test/e2e; these differ most from each other.
const FEW = ['ext4', 'ext2-revision-0', 'ext4-inline-256', 'ext4-attribute-inodes', 'ext4-1k-bigalloc'];
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const variant of EXT_VARIANTS.filter(({ name }) => FEW.includes(name))) {
  check(`${variant.name} looks as the kernel shows it${why}`, (t) => agreesWithKernel(t, variant, 'small'));
}
