/**
 * Sparklines: numbers as a graph of characters, as LATENCY GRAPH draws them.
 *
 *      #
 *   o  |          four rows, of three heights each
 *   |__|
 *
 *   3516          labels, downwards
 *   smdh
 */

const COLUMNS = 80;
const ROWS = 4;
const HEIGHTS = '_o#';

interface Point {
  readonly value: number;
  readonly label: string;
}

/** Draws points from left to right, eighty in a band; every line ends. */
export function sparkline(points: readonly Point[]): string {
  const values = points.map(({ value }) => value);
  const least = Math.min(...values);
  const span = Math.max(...values) - least || 1;
  const bands: string[] = [];
  for (let from = 0; from < points.length; from += COLUMNS) {
    bands.push(band(points.slice(from, from + COLUMNS), least, span));
  }
  return bands.join('\n');
}

function band(points: readonly Point[], least: number, span: number): string {
  const steps = ROWS * HEIGHTS.length;
  const heights = points.map(({ value }) =>
    Math.min(steps - 1, Math.floor(((value - least) * steps) / span)),
  );
  const lines: string[] = [];
  for (let row = ROWS - 1; row >= 0; row--) {
    const below = row * HEIGHTS.length;
    lines.push(heights.map((height) => column(height - below)).join(''));
  }
  lines.push(' '.repeat(points.length));
  const depth = Math.max(...points.map(({ label }) => label.length));
  for (let i = 0; i < depth; i++) {
    lines.push(points.map(({ label }) => label[i] ?? ' ').join(''));
  }
  return `${lines.join('\n')}\n`;
}

/** What a row shows of a column that rises so many heights above the row's ground. */
function column(height: number): string {
  if (height < 0) return ' ';
  return HEIGHTS[height] ?? '|';
}
