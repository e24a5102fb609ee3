/** A disk that is in memory, and fails when it is told to. */

import type { Disk, Draft } from '../../src/persistence/disk.ts';
import { bytesSource } from '../../src/persistence/rdb-reader.ts';

export interface MemoryDisk extends Disk {
  /** Files by path. */
  readonly files: Map<string, Uint8Array>;
  /** Drafts that are neither in their place nor discarded. */
  drafts: number;
  /** What fails, with the system's words for no space. */
  failing: 'draft' | 'write' | 'sync' | 'place' | 'folder' | 'open' | undefined;
  /** Bytes that a draft takes before writing fails. */
  space: number;
}

export function memoryDisk(): MemoryDisk {
  const files = new Map<string, Uint8Array>();
  const failIf = (isSo: boolean): void => {
    if (isSo) throw Object.assign(new Error('no space'), { errno: -28, code: 'ENOSPC' });
  };
  const disk: MemoryDisk = {
    files,
    drafts: 0,
    failing: undefined,
    space: Number.POSITIVE_INFINITY,

    draft(path): Draft {
      failIf(disk.failing === 'draft');
      const chunks: Uint8Array[] = [];
      let size = 0;
      let isOpen = true;
      let written = Promise.resolve();
      disk.drafts++;
      const close = (): void => {
        if (isOpen) disk.drafts--;
        isOpen = false;
      };
      const take = (bytes: Uint8Array): void => {
        size += bytes.length;
        failIf(disk.failing === 'write' || size > disk.space);
        chunks.push(bytes);
      };
      return {
        pending: 0,
        writeSync: take,
        write(bytes) {
          written = written.then(() => take(bytes));
          written.catch(() => {});
        },
        written: () => written,
        async sync() {
          failIf(disk.failing === 'sync');
        },
        syncSync: () => failIf(disk.failing === 'sync'),
        place() {
          close();
          failIf(disk.failing === 'place');
          files.set(path, Uint8Array.from(Buffer.concat(chunks)));
        },
        discard: close,
      };
    },

    open(path) {
      failIf(disk.failing === 'open');
      const bytes = files.get(path);
      return bytes === undefined ? undefined : { ...bytesSource(bytes), close() {} };
    },

    remove: (path) => void files.delete(path),

    async syncFolder() {
      disk.syncFolderSync('');
    },

    syncFolderSync: () => failIf(disk.failing === 'folder'),
  };
  return disk;
}
