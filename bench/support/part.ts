/** A part of the comparison: its cases, how they are measured, and the chapter they fill. */

import type { Plot } from './plot.ts';
import type { CaseResult, Results } from './results.ts';
import type { Setup } from './setup.ts';
import type { Stage } from './stage.ts';

export interface Part<C = CaseResult> {
  /** First word of its cases' names and of its results files. */
  readonly name: string;
  readonly title: string;
  /** How it is measured: the beginning of its chapter, with or without results. */
  readonly method: string;
  /** Names of the cases that a run of this setup has, without the part's. */
  cases(setup: Setup): readonly string[];
  /** Measures the cases and tells of each as it is done. */
  measure(stage: Stage, finished: (result: C) => void): Promise<void>;
  /** What the chapter says behind method and machine. */
  tables(results: Results<C>): readonly string[];
  plots(results: Results<C>): readonly Plot[];
}
