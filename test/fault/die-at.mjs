/**
 * Loaded before the program: it dies at a step of its work with files, as if by kill -9.
 *
 * ZONIS_DIE_AT says at which, counted from SIGUSR2 on, or from the start with ZONIS_DIE_SOON. Dying
 * comes before the step; a write has written half of it.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.ZONIS_DIE_AT);
let left = process.env.ZONIS_DIE_SOON === undefined ? Number.POSITIVE_INFINITY : at;

process.on('SIGUSR2', () => {
  left = at;
  process.stdout.write('counting\n');
});

const { writeSync } = fs;

function die() {
  process.kill(process.pid, 'SIGKILL');
}

for (const name of ['mkdirSync', 'renameSync', 'unlinkSync', 'unlink', 'rmSync', 'truncateSync']) {
  stepBefore(name);
}
for (const name of ['fsync', 'fsyncSync', 'fdatasync', 'fdatasyncSync', 'ftruncateSync']) {
  stepBefore(name);
}

/** Files that are written: what replies go to is none. */
const files = new Set();

const { openSync, closeSync } = fs;
fs.openSync = (path, flags, mode) => {
  if (flags === 'r') return openSync(path, flags, mode);
  if (--left === 0) die();
  const file = openSync(path, flags, mode);
  files.add(file);
  return file;
};
fs.closeSync = (file) => {
  files.delete(file);
  closeSync(file);
};

for (const name of ['write', 'writeSync']) {
  const whole = fs[name];
  fs[name] = (fd, bytes, ...rest) => {
    if (files.has(fd) && --left === 0) {
      const [start = 0, size = bytes.length] = rest;
      writeSync(
        fd,
        bytes,
        start,
        Math.floor(size / 2),
        ...rest.slice(2, 3).filter(Number.isInteger),
      );
      die();
    }
    return whole(fd, bytes, ...rest);
  };
}

const { writeFileSync } = fs;
fs.writeFileSync = (file, text, encoding) => {
  if (--left === 0) {
    writeFileSync(file, text.slice(0, text.length / 2), encoding);
    die();
  }
  writeFileSync(file, text, encoding);
};

function stepBefore(name) {
  const step = fs[name];
  fs[name] = (...parts) => {
    if (--left === 0) die();
    return step(...parts);
  };
}

syncBuiltinESMExports();
