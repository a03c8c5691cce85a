import test from 'ava';
import { silentProgress } from '../../src/model/progress.js';
import { timeSteps } from '../../src/pipeline/step-times.js';

test('a step ends where the next of its machine begins, layers are one step, and equal steps add up', (t) => {
  let now = 0;
  const told: string[] = [];
  const times = timeSteps(
    { ...silentProgress, step: (machine, title) => told.push(`${machine}: ${title}`) },
    () => now,
  );
  const { step } = times.progress;
  step('a', 'reading');
  now = 1000;
  step('b', 'reading');
  now = 1500;
  step('a', 'reading x back');
  now = 2000;
  step('a', 'reading layer 1 of 2');
  now = 4000;
  step('a', 'comparing');
  now = 4250;
  step('a', 'reading');
  now = 5250;
  t.deepEqual(times.steps(), [
    { machine: 'a', step: 'reading', seconds: 2.5 },
    { machine: 'a', step: 'reading x back', seconds: 2.5 },
    { machine: 'a', step: 'comparing', seconds: 0.25 },
    { machine: 'b', step: 'reading', seconds: 4.25 },
  ]);
  t.is(told.length, 6);
});

test('once one thing is done at a time, a step of any machine ends those of others', (t) => {
  let now = 0;
  const times = timeSteps(silentProgress, () => now);
  const { step } = times.progress;
  step('a', 'reading');
  now = 1000;
  times.oneAtATime();
  now = 3000;
  step('group', 'building');
  now = 5000;
  step('a', 'comparing');
  now = 6000;
  t.deepEqual(times.steps(), [
    { machine: 'a', step: 'reading', seconds: 1 },
    { machine: 'group', step: 'building', seconds: 2 },
    { machine: 'a', step: 'comparing', seconds: 1 },
  ]);
});
