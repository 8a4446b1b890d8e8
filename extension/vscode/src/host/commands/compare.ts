/** Two runs side by side. */

import { openComparison } from '../comparisons.js';
import { isRun } from '../run.js';
import { type Command, isRunOfTree } from './tools.js';
import { pick, runFor } from './which.js';

/** Compares the two runs that were chosen in the tree, or one with another that the reader picks. */
export const compare: Command = async (tools, on, chosen) => {
  const several = Array.isArray(chosen) ? chosen.filter(isRunOfTree) : on === undefined ? tools.view.selected : [];
  const [one, other] = several;
  if (one && other && several.length === 2) {
    return openComparison(tools.extension, one, other);
  }
  const first = await runFor(tools, on);
  if (!first) {
    return undefined;
  }
  const others = tools.view.all.filter(isRun).filter(({ key }) => key !== first.key);
  const second = await pick(others, 'Compare with which run?', 'There is no other run to compare with.');
  return second && openComparison(tools.extension, first, second);
};
