import test from 'ava';
import { whyNoMount } from './images.js';
import { agreesWithKernel, BTRFS_VARIANTS } from './matrix.js';

// The whole matrix is in test/e2e; these differ most from each other.
const FEW = ['btrfs-zlib', 'btrfs-lzo', 'btrfs-zstd', 'btrfs-mixed'];
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const variant of BTRFS_VARIANTS.filter(({ name }) => FEW.includes(name))) {
  check(`${variant.name} looks as the kernel shows it${why}`, (t) => agreesWithKernel(t, variant, 'small'));
}
