/**
 * The manifest: which files are the append only file, and in which order.
 *
 *   file appendonly.aof.2.base.rdb seq 2 type b      all there was when it was rewritten last
 *   file appendonly.aof.1.incr.aof seq 1 type h      history: to be removed
 *   file appendonly.aof.4.incr.aof seq 4 type i      what came after, in this order
 *   file appendonly.aof.5.incr.aof seq 5 type i
 *
 * A manifest is changed as a copy, written, and only then what holds: a step that fails has changed
 * nothing.
 */

import { quoted, splitWords } from '../instance/config/words.ts';

const LINE_SIZE_MAX = 1024;

export interface AofFile {
  readonly name: string;
  readonly sequence: number;
}

/** What is wrong with a manifest, in Redis's words. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  /** The line it is about, and its number; 0: none. */
  readonly line: string;
  readonly number: number;

  constructor(message: string, line = '', number = 0) {
    super(message);
    this.line = line;
    this.number = number;
  }
}

export class Manifest {
  /** What the names of new files begin with: `appendfilename`. */
  readonly #name: string;
  base: AofFile | undefined = undefined;
  increments: AofFile[] = [];
  history: AofFile[] = [];
  #baseSequence = 0;
  #incrementSequence = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Reads a manifest. Text is latin1. Throws a ManifestError. */
  static parse(name: string, text: string): Manifest {
    const manifest = new Manifest(name);
    if (text === '') throw new ManifestError('Found an empty AOF manifest');
    const lines = text.split('\n');
    const rest = lines.pop() as string;
    if (rest !== '') lines.push(rest);
    for (const [i, line] of lines.entries()) {
      if (line.startsWith('#')) continue;
      if (line.length >= LINE_SIZE_MAX || (i === lines.length - 1 && rest !== '')) {
        throw new ManifestError('The AOF manifest file contains too long line');
      }
      const fault = manifest.#read(line.trim());
      if (fault !== undefined) throw new ManifestError(fault, line.trim(), i + 1);
    }
    return manifest;
  }

  /** Takes in a line. Answers what is wrong with it. */
  #read(line: string): string | undefined {
    const malformed = 'Invalid AOF manifest file format';
    const words = splitWords(line) ?? [];
    if (words.length < 6 || words.length % 2 !== 0) return malformed;
    let name = '';
    let sequence = 0;
    let type = '';
    for (let i = 0; i < words.length; i += 2) {
      const value = words[i + 1];
      // What is not known is of a later version.
      switch (words[i].toLowerCase()) {
        case 'file':
          if (/[/\\]/.test(value)) return "File can't be a path, just a filename";
          name = value;
          break;
        case 'seq':
          sequence = Number.parseInt(value, 10) || 0;
          break;
        case 'type':
          type = value.slice(0, 1);
          break;
      }
    }
    if (name === '' || sequence === 0 || type === '') return malformed;
    return this.#take({ name, sequence }, type);
  }

  #take(file: AofFile, type: string): string | undefined {
    switch (type) {
      case 'b':
        if (this.base !== undefined) return 'Found duplicate base file information';
        this.base = file;
        this.#baseSequence = file.sequence;
        return undefined;
      case 'h':
        this.history.push(file);
        return undefined;
      case 'i':
        if (file.sequence <= (this.increments.at(-1)?.sequence ?? 0)) {
          return 'Found a non-monotonic sequence number';
        }
        this.increments.push(file);
        this.#incrementSequence = file.sequence;
        return undefined;
      default:
        return 'Unknown AOF file type';
    }
  }

  get isEmpty(): boolean {
    return this.base === undefined && this.increments.length === 0;
  }

  /** The files to be read, in this order. */
  get files(): readonly AofFile[] {
    return this.base === undefined ? this.increments : [this.base, ...this.increments];
  }

  /** Text as it stands in the file, latin1. */
  toString(): string {
    const line = ({ name, sequence }: AofFile, type: string): string =>
      `file ${needsQuotes(name) ? quoted(name) : name} seq ${sequence} type ${type}\n`;
    return [
      ...(this.base === undefined ? [] : [line(this.base, 'b')]),
      ...this.history.map((file) => line(file, 'h')),
      ...this.increments.map((file) => line(file, 'i')),
    ].join('');
  }

  copy(): Manifest {
    const manifest = new Manifest(this.#name);
    manifest.base = this.base;
    manifest.increments = [...this.increments];
    manifest.history = [...this.history];
    manifest.#baseSequence = this.#baseSequence;
    manifest.#incrementSequence = this.#incrementSequence;
    return manifest;
  }

  /** Makes a file of an old version, which has no number in its name, the base. */
  adopt(name: string): void {
    this.base = { name, sequence: 1 };
    this.#baseSequence = 1;
  }

  /** Begins a new base; the one before is history. Answers its name. */
  addBase(isSnapshot: boolean): string {
    if (this.base !== undefined) this.history.unshift(this.base);
    const sequence = ++this.#baseSequence;
    const name = `${this.#name}.${sequence}.base.${isSnapshot ? 'rdb' : 'aof'}`;
    this.base = { name, sequence };
    return name;
  }

  /** Begins a new increment. Answers its name. */
  addIncrement(): string {
    const sequence = ++this.#incrementSequence;
    const name = `${this.#name}.${sequence}.incr.aof`;
    this.increments.push({ name, sequence });
    return name;
  }

  /** Makes increments history, all but the last `kept`. */
  retireIncrements(kept: number): void {
    const count = this.increments.length - kept;
    if (count <= 0) return;
    this.history.unshift(...this.increments.splice(0, count).reverse());
  }
}

/** Whether a name can't stand as it is in a line of words. */
function needsQuotes(name: string): boolean {
  return /[^\x21-\x7e]|[\\"']/.test(name);
}
