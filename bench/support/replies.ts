/**
 * Counts replies as they come in, in any pieces, without keeping them.
 *
 *   *2 $3 foo :1     one reply: after the header two elements are owed, each of which may owe more
 *
 * A load generator has to be cheaper than the server, so nothing is built: of each reply only its
 * first byte is known, and a bulk is skipped by its size.
 */

const CR_LF = 2;
const LF = 0x0a;
const MINUS = 0x2d;
const DOLLAR = 0x24;
const STAR = 0x2a;
const PERCENT = 0x25;
const TILDE = 0x7e;
const GREATER = 0x3e;
const EQUALS = 0x3d;
const BANG = 0x21;

/** A bulk that is not there: its type, so that a miss can be told from a hit. */
export const NULL_BULK = 0x5f;
export const ERROR_REPLY = MINUS;

export class ReplyCounter {
  /** Called with the first byte of each whole reply, NULL_BULK for one that says nothing. */
  readonly #onReply: (type: number) => void;
  /** Elements that must still come before the reply is whole. */
  #owed = 0;
  /** Type of the reply under way. */
  #type = 0;
  #isPush = false;
  /** Type of the line under way, 0 before its first byte. */
  #line = 0;
  #number = 0;
  #isNegative = false;
  /** Bytes of a bulk still to come. */
  #skip = 0;
  /** The first error's text, to say what went wrong. */
  #error = '';
  #isReadingError = false;

  constructor(onReply: (type: number) => void) {
    this.#onReply = onReply;
  }

  get error(): string {
    return this.#error;
  }

  feed(bytes: Uint8Array, end: number): void {
    let i = 0;
    while (i < end) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - i);
        this.#skip -= step;
        i += step;
        if (this.#skip === 0) this.#elementEnded();
        continue;
      }
      const byte = bytes[i++];
      if (this.#line === 0) this.#lineBegan(byte);
      else if (byte === LF) this.#lineEnded();
      else if (byte === MINUS) this.#isNegative = true;
      else if (byte >= 0x30 && byte <= 0x39) this.#number = this.#number * 10 + byte - 0x30;
      if (this.#isReadingError && byte >= 0x20) this.#error += String.fromCharCode(byte);
    }
  }

  #lineBegan(byte: number): void {
    this.#line = byte;
    this.#number = 0;
    this.#isNegative = false;
    if (this.#owed === 0) {
      this.#owed = 1;
      this.#type = byte;
      this.#isPush = byte === GREATER;
    }
    this.#isReadingError = byte === MINUS && this.#error === '';
  }

  #lineEnded(): void {
    const type = this.#line;
    this.#line = 0;
    this.#isReadingError = false;
    switch (type) {
      case DOLLAR:
      case EQUALS:
      case BANG:
        if (!this.#isNegative) {
          this.#skip = this.#number + CR_LF;
          return;
        }
        if (this.#owed === 1 && this.#type === DOLLAR) this.#type = NULL_BULK;
        break;
      case STAR:
      case TILDE:
      case GREATER:
        if (!this.#isNegative) this.#owed += this.#number;
        break;
      case PERCENT:
        this.#owed += 2 * this.#number;
        break;
    }
    this.#elementEnded();
  }

  #elementEnded(): void {
    if (--this.#owed === 0 && !this.#isPush) this.#onReply(this.#type);
  }
}
