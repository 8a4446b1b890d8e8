/** The sample records, a fresh copy at every call. */

import type { RunRecord } from '../../widgets/src/index.js';
import exhausted from './samples/exhausted.json';
import failed from './samples/failed.json';
import hostile from './samples/hostile.json';
import inWords from './samples/in_words.json';
import queued from './samples/queued.json';
import refined from './samples/refined.json';
import rich from './samples/rich.json';
import stopped from './samples/stopped.json';
import streaming from './samples/streaming.json';

const SAMPLES = { exhausted, failed, hostile, inWords, queued, refined, rich, stopped, streaming };

export type SampleName = keyof typeof SAMPLES;

export function sample(name: SampleName): RunRecord {
  return structuredClone(SAMPLES[name]) as unknown as RunRecord;
}
