import '@codesteer/view/style.css';
