import test from 'ava';
import { whyNoMount } from '../guest/native/images.js';
import { agreesWithKernel, BTRFS_VARIANTS, EXT_VARIANTS, XFS_VARIANTS } from '../guest/native/matrix.js';

const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const variant of [...EXT_VARIANTS, ...XFS_VARIANTS, ...BTRFS_VARIANTS]) {
  check(`${variant.name}, full, looks as the kernel shows it${why}`, (t) => agreesWithKernel(t, variant, 'full'));
}
