import test from 'ava';
import { whyNoMount } from './images.js';
import { refusesHeadOfLastCommit, survivesMutation, VICTIMS } from './mutation.js';

// Ten thousand of each are made in test/e2e.
const COUNT = 120;
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const victim of VICTIMS) {
  check(`${victim.name}, changed at random, is read or declined, and soon${why}`, (t) =>
    survivesMutation(t, victim, COUNT),
  );
}

const dirty = VICTIMS.find(({ name }) => name === 'ext4-dirty')!;
check(`ext4 whose last commit lost the head of its block is declined${why}`, (t) => refusesHeadOfLastCommit(t, dirty));
