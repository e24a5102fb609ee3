/** Files that take the place of others, on a real disk. */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemDisk } from '../../../src/persistence/disk.ts';
import { latin1Bytes } from '../../../src/std/ascii.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zonis-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (path: string): string => readFileSync(path, 'latin1');

test('a draft is written beside its file, and takes its place as a whole', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'old');
  const draft = systemDisk.draft(path);
  draft.writeSync(latin1Bytes('new '));
  draft.writeSync(latin1Bytes('text'));
  expect(text(path)).toBe('old');
  draft.syncSync();
  draft.place();
  expect(text(path)).toBe('new text');
  expect(readdirSync(folder)).toEqual(['file']);
  draft.discard();
  expect(text(path)).toBe('new text');
});

test('what is written by and by comes in order, however much it is', async () => {
  const path = join(folder, 'file');
  const draft = systemDisk.draft(path);
  let expected = '';
  for (let i = 0; i < 200; i++) {
    const piece = `${i} `.repeat(1000);
    expected += piece;
    draft.write(latin1Bytes(piece));
  }
  expect(draft.pending).toBe(expected.length);
  await draft.written();
  expect(draft.pending).toBe(0);
  await draft.sync();
  draft.place();
  expect(text(path)).toBe(expected);
});

test('what is discarded leaves nothing behind, also in the middle of being written', async () => {
  const draft = systemDisk.draft(join(folder, 'file'));
  for (let i = 0; i < 50; i++) draft.write(new Uint8Array(100_000));
  draft.discard();
  expect(readdirSync(folder)).toEqual([]);
  await draft.written();
});

test('a folder that is not there is told; one that goes away does no harm', () => {
  expect(() => systemDisk.draft(join(folder, 'none/file'))).toThrow('ENOENT');
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  const draft = systemDisk.draft(join(inner, 'file'));
  rmSync(inner, { recursive: true });
  expect(() => draft.place()).toThrow('ENOENT');
  draft.discard();
});

test('a folder is put on disk, and one that is not there is told', async () => {
  await systemDisk.syncFolder(folder);
  systemDisk.syncFolderSync(folder);
  expect(() => systemDisk.syncFolderSync(join(folder, 'none'))).toThrow('ENOENT');
});

test('a name that is a folder can not be replaced, and the draft goes', () => {
  mkdirSync(join(folder, 'file/inside'), { recursive: true });
  const draft = systemDisk.draft(join(folder, 'file'));
  draft.writeSync(latin1Bytes('x'));
  expect(() => draft.place()).toThrow();
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a file is read from its beginning in pieces; one that is not there is undefined', () => {
  const path = join(folder, 'file');
  writeFileSync(path, 'hello world');
  const file = systemDisk.open(path);
  expect(file?.size).toBe(11);
  const bytes = new Uint8Array(20);
  expect(file?.read(bytes, 0, 5)).toBe(5);
  expect(file?.read(bytes, 5, 15)).toBe(6);
  expect(file?.read(bytes, 11, 5)).toBe(0);
  file?.close();
  expect(bytes.subarray(0, 11)).toEqual(latin1Bytes('hello world'));
  expect(systemDisk.open(join(folder, 'none'))).toBeUndefined();
  systemDisk.remove(path);
  systemDisk.remove(path);
  expect(readdirSync(folder)).toEqual([]);
});
