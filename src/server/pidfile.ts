/**
 * The pidfile: holds the process id while the server runs.
 *
 * It serves scripts and is no condition: what can't be written or removed is logged, and the server
 * starts and ends all the same.
 */

import { unlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemReason } from '../instance/config/files.ts';
import type { Log } from '../instance/log.ts';

/** Writes the file. Answers what removes it again. */
export function writePidfile(path: string, log: Log): () => void {
  // Absolute from the start: CONFIG SET dir moves what relative paths begin at.
  const file = resolve(path);
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    log.warning(`Could not write the pidfile ${file}: ${systemReason(error)}`);
    return () => {};
  }
  return () => {
    try {
      unlinkSync(file);
    } catch (error) {
      log.warning(`Could not remove the pidfile ${file}: ${systemReason(error)}`);
    }
  };
}
