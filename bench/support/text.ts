/** Numbers as text: three figures, and how far measurements lie apart. */

import type { Spread } from './statistics.ts';

/** 1234 as 1.23, 94321 as 94.3, 727000 as 727: three figures of thousands. */
export function thousands(value: number): string {
  return figures(value / 1000);
}

export function figures(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

export function spreadText(spread: Spread, text: (value: number) => string): string {
  if (spread.count === 1) return text(spread.median);
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`;
}

/** 1000000 as 1M, 10000 as 10k. */
export function short(count: number): string {
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))}M`;
  return count >= 1000 ? `${Number((count / 1000).toPrecision(3))}k` : String(count);
}

/** Rows of a table in Markdown; the first `left` columns are text. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  left = 1,
): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, i) => (i < left ? '---' : '--:')).join('|')}|`,
    ...rows.map(line),
  ];
}
