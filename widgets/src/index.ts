/** The run view and what its hosts need of it. */

export { MIME_TYPE, SCHEMA_VERSION, type RunRecord } from './record.js';
export type { Translate } from './language.js';
export type { OpenRounds, Rating, Ratings, RunActions, RunViewOptions, Tail } from './options.js';
export { isUnreadable, readRecord, type Unreadable } from './read.js';
export { createRunView, type RunView } from './view.js';
