import test from 'ava';
import { whyNoMount } from './images.js';
import { refusesBrokenMarksOfJournal, refusesBrokenMarksOfLog, refusesDamageBesideLog } from './marks.js';
import { survivesMutation, VICTIMS } from './mutation.js';

// Ten thousand of each are made in test/e2e.
const COUNT = 120;
const check = whyNoMount === null ? test.serial : test.skip;
const why = whyNoMount === null ? '' : ` (${whyNoMount})`;

for (const victim of VICTIMS) {
  check(`${victim.name}, changed at random, is read or declined, and soon${why}`, (t) =>
    survivesMutation(t, victim, COUNT),
  );
}

const victim = (wanted: string) => VICTIMS.find(({ name }) => name === wanted)!;

check(`ext4 whose journal lost a mark that says what is checked is declined${why}`, (t) =>
  refusesBrokenMarksOfJournal(t, victim('ext4-dirty')),
);

check(`XFS: a changed mark of a log record or of its sectors is damage, not the end of the log${why}`, (t) =>
  refusesBrokenMarksOfLog(t, victim('xfs-dirty')),
);
check(`XFS: damage in what the log changes in part is noticed${why}`, (t) =>
  refusesDamageBesideLog(t, victim('xfs-dirty')),
);
