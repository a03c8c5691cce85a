import test from 'ava';
import { whyNoMount } from '../guest/native/images.js';
import { refusesBrokenMarksOfLog } from '../guest/native/marks.js';
import { survivesMutation, VICTIMS } from '../guest/native/mutation.js';

const COUNT = 10_000;
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const victim of VICTIMS) {
  check(`${victim.name}, changed at random, is read or declined, and soon${why}`, (t) =>
    survivesMutation(t, victim, COUNT),
  );
}

const later = VICTIMS.find(({ logCycle }) => logCycle !== undefined)!;
check(`XFS: marks of a log that was round several times are vouched for, too${why}`, (t) =>
  refusesBrokenMarksOfLog(t, later),
);
