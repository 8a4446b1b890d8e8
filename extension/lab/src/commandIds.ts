/** The names of the commands; users bind keys to them, so they stay. */
export const CommandIDs = {
  show: 'codesteer:show-runs',
  compose: 'codesteer:compose-run',
  goTo: 'codesteer:go-to-run',
  open: 'codesteer:open-rounds',
  stop: 'codesteer:stop-run',
  stopAll: 'codesteer:stop-all-runs',
  rerun: 'codesteer:run-again',
  goOn: 'codesteer:continue-run',
  insert: 'codesteer:insert-code',
  copy: 'codesteer:copy-answer',
  export: 'codesteer:export-run',
  remove: 'codesteer:delete-run',
  compare: 'codesteer:compare-runs'
} as const;
