import '@codesteer/view/style.css';
import './panel.css';
