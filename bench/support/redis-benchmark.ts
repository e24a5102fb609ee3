/**
 * redis-benchmark as a child process: what it is asked, and what its CSV says.
 *
 * It is C, it is not ours, and everyone who doubts a number has it. It also retries for ever when
 * nobody listens, so every run has an end of its own.
 */

import { spawn } from 'node:child_process';

export interface CsvRow {
  readonly test: string;
  readonly perSecond: number;
  /** Latencies as seen by redis-benchmark, in milliseconds, by the column's name. */
  readonly latencyMs: Readonly<Record<string, number>>;
}

/** Rows of `--csv` output: a line of column names, then a line per test, all cells quoted. */
export function parseCsv(text: string): CsvRow[] {
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith('"'));
  if (lines.length === 0) throw new Error(`redis-benchmark printed no rows: ${text.slice(0, 200)}`);
  const [columns, ...rows] = lines.map(cellsOf);
  if (columns[0] !== 'test' || columns[1] !== 'rps') {
    throw new Error(`redis-benchmark before 7.0 prints no column names: ${lines[0]}`);
  }
  return rows.map((cells) => {
    const perSecond = Number(cells[1]);
    if (cells.length !== columns.length || !Number.isFinite(perSecond) || perSecond <= 0) {
      throw new Error(`not a measurement: ${cells.join(', ')}`);
    }
    const latencies = columns
      .slice(2)
      .map((column, i) => [column.replace(/_latency_ms$/, ''), Number(cells[i + 2])]);
    return { test: cells[0], perSecond, latencyMs: Object.fromEntries(latencies) };
  });
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"]|"")*)"/g)].map((match) => match[1].replaceAll('""', '"'));
}

/** Arguments of one run: the case's own, then where and how many. */
export function benchmarkArgs(port: number, requests: number, own: readonly string[]): string[] {
  // The case's come last: a case may be a command line of its own, which ends the options.
  return ['-h', '127.0.0.1', '-p', String(port), '-n', String(requests), '--csv', ...own];
}

/** Output of one run of a program that has to end well and in time. */
export function runProgram(
  path: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      // A server that is gone makes redis-benchmark repeat itself without end.
      if (complaint.length < 4096) complaint += text;
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(output);
      else if (isLate) reject(new Error(`${path}: no end within ${timeoutMs} ms: ${complaint}`));
      else reject(new Error(`${path} ended with ${code}: ${complaint}${output}`));
    });
  });
}
