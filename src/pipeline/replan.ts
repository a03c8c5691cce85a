import type { Plan } from '../model/plan.js';
import type { Knowledge } from '../plan/plan-machines.js';

/** A plan once more, with what is known of the bases by now. */
export type Replan = (knowledge: Knowledge) => Plan;
