/** The shared view with its style; loaded when there is a run to be seen. */

import '@codesteer/view/style.css';

export { createRunView } from '@codesteer/view';
