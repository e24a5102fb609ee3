/**
 * Charts as SVG text: bars of ratios, and lines over a logarithmic or linear axis.
 *
 * Nothing but rectangles, lines and text, so a diff of two charts can be read, and the same numbers
 * give the same bytes. Colours are told apart in grey too, and both schemes of a page suit them.
 */

export interface Plot {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** How far the measurements lie apart. */
  readonly min: number;
  readonly max: number;
  /** Whose it is, where that matters more than on which side of 1 it is. */
  readonly colour?: number;
}

export interface Axis {
  readonly label: string;
  readonly isLogarithmic?: boolean;
}

const COLOURS = ['#888888', '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00'];
const DASHES = ['', '', '6 3', '2 3', '8 3 2 3', '4 4'];
const FONT = 'font-family="system-ui, sans-serif" font-size="12"';
const INK = '#777777';

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A coordinate, to a tenth of a pixel. */
function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${at(x)}" y="${at(y)}" fill="${INK}"${more}>${escapeXml(content)}</text>`;
}

function rule(x1: number, y1: number, x2: number, y2: number, more = ''): string {
  const ends = `x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"`;
  return `<line ${ends} stroke="${INK}"${more}/>`;
}

function framed(width: number, height: number, title: string, body: readonly string[]): string {
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" ${FONT}>`;
  return [head, `<title>${escapeXml(title)}</title>`, ...body, '</svg>', ''].join('\n');
}

const BAR = 18;
const LABEL_WIDTH = 260;
const BARS_WIDTH = 360;

/** Bars to the right of their labels, with a line at 1: what is worse has another colour. */
export function barChart(
  title: string,
  bars: readonly Bar[],
  unit: string,
  { isLessBetter = false } = {},
): string {
  const top = 34;
  const height = top + bars.length * BAR + 30;
  const limit = niceCeiling(Math.max(1, ...bars.map(({ max }) => max)));
  const x = (value: number): number => LABEL_WIDTH + (Math.min(value, limit) / limit) * BARS_WIDTH;
  const body: string[] = [text(8, 20, title, ' font-weight="bold"')];
  const end = top + bars.length * BAR;
  for (const tick of ticks(0, limit)) {
    body.push(rule(x(tick), top, x(tick), end, ' stroke-opacity="0.25"'));
    body.push(text(x(tick), end + 14, label(tick), ' text-anchor="middle"'));
  }
  bars.forEach(({ label: name, value, min, max, colour: own }, i) => {
    const y = top + i * BAR;
    const middle = y + BAR / 2;
    const isWorse = isLessBetter ? value > 1 : value < 1;
    const colour = COLOURS[own ?? (isWorse ? 2 : 1)];
    body.push(text(LABEL_WIDTH - 8, middle + 4, name, ' text-anchor="end"'));
    body.push(
      `<rect x="${at(x(0))}" y="${at(y + 3)}" width="${at(x(value) - x(0))}" ` +
        `height="${BAR - 6}" fill="${colour}"/>`,
    );
    body.push(rule(x(min), middle, x(max), middle));
    // Not across the line at 1.
    const right = Math.max(x(value), x(max));
    const start = right < x(1) && right + 40 > x(1) ? x(1) : right;
    body.push(text(start + 6, middle + 4, value.toFixed(2)));
  });
  body.push(rule(x(1), top - 4, x(1), end, ' stroke-width="1.5"'));
  body.push(text(LABEL_WIDTH, end + 28, unit));
  return framed(LABEL_WIDTH + BARS_WIDTH + 60, height, title, body);
}

const WIDTH = 680;
const HEIGHT = 340;
const BOX = { left: 70, right: 500, top: 34, bottom: 290 };

/** Lines over two axes, with a legend. */
export function lineChart(title: string, lines: readonly Line[], xAxis: Axis, yAxis: Axis): string {
  const points = lines.flatMap((line) => line.points);
  const x = scale(
    points.map(([value]) => value),
    xAxis,
    BOX.left,
    BOX.right,
  );
  const y = scale(
    points.map(([, value]) => value),
    yAxis,
    BOX.bottom,
    BOX.top,
  );
  const body: string[] = [text(8, 20, title, ' font-weight="bold"')];
  for (const tick of x.ticks) {
    body.push(rule(x.at(tick), BOX.top, x.at(tick), BOX.bottom, ' stroke-opacity="0.2"'));
    body.push(text(x.at(tick), BOX.bottom + 16, label(tick), ' text-anchor="middle"'));
  }
  for (const tick of y.ticks) {
    body.push(rule(BOX.left, y.at(tick), BOX.right, y.at(tick), ' stroke-opacity="0.2"'));
    body.push(text(BOX.left - 6, y.at(tick) + 4, label(tick), ' text-anchor="end"'));
  }
  body.push(rule(BOX.left, BOX.bottom, BOX.right, BOX.bottom));
  body.push(rule(BOX.left, BOX.top, BOX.left, BOX.bottom));
  body.push(text((BOX.left + BOX.right) / 2, HEIGHT - 14, xAxis.label, ' text-anchor="middle"'));
  const turned = ` text-anchor="middle" transform="rotate(-90 14 ${(BOX.top + BOX.bottom) / 2})"`;
  body.push(text(14, (BOX.top + BOX.bottom) / 2, yAxis.label, turned));
  lines.forEach((line, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const dash = DASHES[i % DASHES.length];
    const style = ` stroke="${colour}" stroke-width="2"${dash && ` stroke-dasharray="${dash}"`}`;
    const path = line.points.map(([a, b]) => `${at(x.at(a))},${at(y.at(b))}`).join(' ');
    body.push(`<polyline points="${path}" fill="none"${style}/>`);
    for (const [a, b] of line.points) {
      body.push(`<circle cx="${at(x.at(a))}" cy="${at(y.at(b))}" r="2.5" fill="${colour}"/>`);
    }
    const row = BOX.top + 10 + i * 18;
    body.push(`<path d="M${BOX.right + 12} ${row}h24" fill="none"${style}/>`);
    body.push(text(BOX.right + 42, row + 4, line.label));
  });
  return framed(WIDTH, HEIGHT, title, body);
}

interface Scale {
  readonly ticks: readonly number[];
  readonly at: (value: number) => number;
}

function scale(
  values: readonly number[],
  { isLogarithmic = false }: Axis,
  from: number,
  to: number,
): Scale {
  const known = values.filter((value) => Number.isFinite(value) && (!isLogarithmic || value > 0));
  if (known.length === 0) return { ticks: [], at: () => from };
  if (isLogarithmic) {
    const low = Math.floor(Math.log10(Math.min(...known)));
    const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...known))));
    const powers = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
    const part = (value: number): number =>
      (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
    return { ticks: powers, at: (value) => from + (to - from) * part(value) };
  }
  const limit = niceCeiling(Math.max(...known));
  return { ticks: ticks(0, limit), at: (value) => from + ((to - from) * value) / limit };
}

/** The next of 1, 2, 2.5, 5, 10, … that is not below. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= value * (1 - 1e-12)) ?? 10;
  return step * power;
}

/** About five round numbers from one to the other. */
function ticks(from: number, to: number): number[] {
  const step = niceCeiling((to - from) / 5);
  const count = Math.floor((to - from) / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => from + i * step);
}

/** 1500000 as 1.5M. */
function label(value: number): string {
  for (const [size, suffix] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / size).toPrecision(3))}${suffix}`;
  }
  return String(Number(value.toPrecision(3)));
}
