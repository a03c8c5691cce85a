import test from 'ava';
import { whyNoMount } from './images.js';
import { refusesBrokenMarksOfJournal, survivesMutation, VICTIMS } from './mutation.js';

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
check(`ext4 whose journal lost a mark that says what is checked is declined${why}`, (t) =>
  refusesBrokenMarksOfJournal(t, dirty),
);
