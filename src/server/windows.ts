/**
 * Windows: where requests are read and replies are written.
 *
 * They lie in the arena of the default zone, in front of the zone itself, so that a value goes from
 * the zone to the wire with one copy inside one buffer (see zone/arena.ts). One window takes what
 * sockets read; the others are lent to the clients being replied to and come back when the socket
 * has taken the bytes, nearly always in the same turn of the event loop. When all are lent, and for
 * what is larger, there is other memory (overflow.ts).
 */

import type { Window, WindowPool } from '../resp/reply.ts';
import type { Zone } from '../zone/zone.ts';
import type { ReadWindow } from './listener.ts';
import { Overflow } from './overflow.ts';

const KiB = 1024;
const READ_SIZE = 64 * KiB;
const WRITE_SIZE = 128 * KiB;
/**
 * From one to the next: not a power of two, or all that is written to would be kept in the same few
 * lines of a processor's cache.
 */
const WRITE_STRIDE = WRITE_SIZE + 5 * 64;
/** As many clients may be replied to in one turn of the event loop without other memory. */
const WRITE_COUNT = 63;
/** Offset 0 means "none" in a zone, so nothing begins at byte 0. */
const FIRST = 64;

/** Bytes to ask for in front of the zone that will hold the windows. */
export const WINDOWS_SIZE = FIRST + READ_SIZE + WRITE_COUNT * WRITE_STRIDE;

export class Windows implements WindowPool {
  readonly #zone: Zone;
  #free: Window[] = [];
  readonly #overflow = new Overflow();
  /** What sockets read into. */
  read!: ReadWindow;

  constructor(zone: Zone) {
    this.#zone = zone;
    this.renew();
  }

  /** Makes windows anew: the zone moved to another arena. Lent ones stay good until they return. */
  renew(): void {
    const { arena } = this.#zone;
    this.read = { buffer: arena.view(FIRST, READ_SIZE), bytes: arena.u8, start: FIRST };
    const free: Window[] = [];
    for (let i = 0; i < WRITE_COUNT; i++) {
      const base = FIRST + READ_SIZE + i * WRITE_STRIDE;
      const window: Window = {
        bytes: arena.u8,
        base,
        limit: base + WRITE_SIZE,
        release: () => {
          if (this.#free === free) free.push(window);
        },
      };
      free.push(window);
    }
    this.#free = free;
  }

  acquire(size: number): Window {
    const window = size <= WRITE_SIZE ? this.#free.pop() : undefined;
    return window ?? this.#overflow.acquire(size);
  }
}
