/**
 * Files: the few things configuration asks of the file system, and the system's words for why not.
 *
 * Contents are latin1, one char per byte. Paths are as the system has them.
 */

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { chdir, cwd, umask } from 'node:process';
import { getSystemErrorMap } from 'node:util';
import { latin1Bytes } from '../../std/ascii.ts';
import { matchGlob } from '../../std/glob.ts';

/** What configuration asks of the file system. All of it throws the system's errors. */
export interface Files {
  read(path: string): string;
  /** Paths that match a pattern of `*`, `?` and `[…]`, sorted. */
  expand(pattern: string): readonly string[];
  /** Throws where the file can't be appended to. */
  probe(path: string): void;
  /** Puts a new file in the place of an old one: whole, or not at all. */
  replace(path: string, text: string): void;
}

/** The process's own directory, which `dir` moves. */
export interface Directory {
  current(): string;
  enter(path: string): void;
}

export const processDirectory: Directory = { current: cwd, enter: chdir };

export const systemFiles: Files = {
  read: (path) => readFileSync(path, 'latin1'),

  expand(pattern) {
    let found = [pattern.startsWith('/') ? '/' : ''];
    for (const part of pattern.split('/').filter((part) => part !== '')) {
      found = found.flatMap((folder) => matching(folder, part));
    }
    return found.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  },

  probe: (path) => closeSync(openSync(path, 'a')),

  replace(path, text) {
    // Beside the file, or the rename might have to cross file systems. No one else has this name: what
    // is there was left by one who had this process number before and was killed. 'wx' follows no link.
    const draft = `${path}.${process.pid}.new`;
    rmSync(draft, { force: true });
    const file = openSync(draft, 'wx', 0o600);
    try {
      try {
        writeFileSync(file, text, 'latin1');
        fchmodSync(file, 0o644 & ~umask());
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
    // Until the folder is on disk too, a crash could bring the old file back.
    const folder = openSync(dirname(path), 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  },
};

/** What of a folder matches one part of a pattern. Only a dot matches a dot at the beginning. */
function matching(folder: string, part: string): string[] {
  if (!isPattern(part)) return [join(folder, part)];
  const pattern = latin1Bytes(Buffer.from(part).toString('latin1'));
  return namesIn(folder === '' ? '.' : folder)
    .filter((name) => part.startsWith('.') || !name.startsWith('.'))
    .filter((name) => {
      const bytes = Buffer.from(name);
      return matchGlob(pattern, 0, pattern.length, bytes, 0, bytes.length, false);
    })
    .sort()
    .map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? readdirSync(folder) : [];
}

export function isPattern(path: string): boolean {
  return /[*?[]/.test(path);
}

/** The system's words for an error, as C's strerror has them: 'No such file or directory'. */
/** Whether a call of the system failed, and not something of ours. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}

/** Where Node's words are others than the system's. */
const OWN_WORDS: ReadonlyMap<string, string> = new Map([
  ['EISDIR', 'is a directory'],
  ['EEXIST', 'file exists'],
  ['ELOOP', 'too many levels of symbolic links'],
]);

export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { errno } = error as NodeJS.ErrnoException;
  const [name, meaning] = (errno === undefined ? undefined : getSystemErrorMap().get(errno)) ?? [];
  const words = OWN_WORDS.get(name ?? '') ?? meaning;
  if (words === undefined) return error.message;
  return words.charAt(0).toUpperCase() + words.slice(1);
}
