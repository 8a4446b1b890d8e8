/**
 * A kernel for notebooks, which VS Code by itself has not: executing a cell plays the records of `live.json`, which lies
 * beside the notebook, into one output, as the magic does in a real kernel. A run whose last record is still running goes on
 * until it is interrupted.
 */
const vscode = require('vscode');

const MIME_TYPE = 'application/vnd.codesteer.run.v1+json';
const pause = () => new Promise(resolve => setTimeout(resolve, 100));

const beside = async (notebook, name) =>
  JSON.parse(
    new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(notebook.uri, '..', name)))
  );

const itemsOf = record => [
  vscode.NotebookCellOutputItem.json(record, MIME_TYPE),
  vscode.NotebookCellOutputItem.text('a run', 'text/plain')
];

async function execute(controller, cell) {
  const execution = controller.createNotebookCellExecution(cell);
  execution.executionOrder = execute.count = (execute.count ?? 0) + 1;
  execution.start(Date.now());
  const records = await beside(cell.notebook, 'live.json');
  const output = new vscode.NotebookCellOutput(itemsOf(records[0]));
  await execution.replaceOutput(output);
  let shown = records[0];
  const isCancelled = () => execution.token.isCancellationRequested;
  for (const record of records) {
    if (isCancelled()) {
      break;
    }
    shown = record;
    await execution.replaceOutputItems(itemsOf(shown), output);
    await pause();
  }
  while (shown.status === 'running' && !isCancelled()) {
    await pause();
  }
  if (shown.status === 'running') {
    await execution.replaceOutputItems(itemsOf({ ...shown, status: 'stopped' }), output);
  }
  execution.end(!isCancelled(), Date.now());
}

exports.activate = context => {
  const controller = vscode.notebooks.createNotebookController('stand-in', 'jupyter-notebook', 'Python 3');
  controller.supportedLanguages = ['python'];
  controller.supportsExecutionOrder = true;
  controller.executeHandler = async cells => {
    for (const cell of cells) {
      await execute(controller, cell);
    }
  };
  const prefer = notebook => {
    controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  };
  vscode.workspace.notebookDocuments.forEach(prefer);
  context.subscriptions.push(controller, vscode.workspace.onDidOpenNotebookDocument(prefer));
};
