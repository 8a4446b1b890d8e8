/** Which charts of a record a host may be given to draw: those that can fetch nothing. */

const FAMILIES = ['application/vnd.plotly.', 'application/vnd.vegalite.', 'application/vnd.vega.'];
// What Vega loads from, what it links to, and options that its embedder would take from the chart itself.
const VEGA_KEYS = new Set(['url', 'href', 'usermeta', 'loader', 'baseURL']);
const PLOTLY_KEYS = new Set(['config', 'plotlyServerURL', 'topojsonURL', 'mapbox', 'map', 'source', 'geojson']);
const PLOTLY_TYPES = /^(?:scatter|choropleth|density)map(?:box)?$/;
const PLOTLY_PARTS = ['data', 'layout', 'frames'];
const DEEPEST = 60;
const LONGEST = 200_000;

/**
 * Returns the chart in `text` if it is of a known family and names nothing that its renderer would load or link to,
 * else null. `codesteer_kernel/record/charts.py` judges alike for what is shown outside the view; templates are left out
 * here, because each names maps.
 */
export function safeChart(mime: string, text: string): object | null {
  if (text.length > LONGEST || !mime.endsWith('+json') || !FAMILIES.some(family => mime.startsWith(family))) {
    return null;
  }
  let chart: unknown;
  try {
    chart = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(chart)) {
    return null;
  }
  const isPlotly = mime.startsWith('application/vnd.plotly.');
  const kept = Object.entries(chart).filter(([key]) =>
    isPlotly ? PLOTLY_PARTS.includes(key) : key !== 'usermeta' && key !== '$schema'
  );
  const safe = Object.fromEntries(kept);
  if (isPlotly && isObject(safe.layout)) {
    safe.layout = Object.fromEntries(Object.entries(safe.layout).filter(([key]) => key !== 'template'));
  }
  if (fetches(safe, isPlotly, 0)) {
    return null;
  }
  const schema = chart.$schema;
  const isOurs = !isPlotly && typeof schema === 'string' && schema.startsWith('https://vega.github.io/schema/');
  return isOurs ? { $schema: schema, ...safe } : safe;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fetches(value: unknown, isPlotly: boolean, depth: number): boolean {
  if (depth > DEEPEST) {
    return true;
  }
  if (typeof value === 'string') {
    return value.includes('//');
  }
  if (Array.isArray(value)) {
    return value.some(item => fetches(item, isPlotly, depth + 1));
  }
  if (!isObject(value)) {
    return false;
  }
  return Object.entries(value).some(([key, held]) => {
    const isKey = isPlotly ? PLOTLY_KEYS.has(key) || key.startsWith('map') : VEGA_KEYS.has(key);
    const isKind =
      (key === 'type' || key === 'mark') &&
      typeof held === 'string' &&
      (isPlotly ? PLOTLY_TYPES.test(held) : held === 'image');
    return isKey || isKind || key.includes('//') || fetches(held, isPlotly, depth + 1);
  });
}
