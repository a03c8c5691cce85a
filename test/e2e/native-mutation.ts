import test from 'ava';
import { whyNoMount } from '../guest/native/images.js';
import { survivesMutation, VICTIMS } from '../guest/native/mutation.js';

const COUNT = 10_000;
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const victim of VICTIMS) {
  check(`${victim.name}, changed at random, is read or declined, and soon${why}`, (t) =>
    survivesMutation(t, victim, COUNT),
  );
}
