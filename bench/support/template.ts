/**
 * Requests built once, with holes for what changes.
 *
 *   *3 $3 set $51 session:┆…43 bytes of id…┆ $512 ["┆…43 bytes of id…┆…
 *                         └─ hole 'new' ───┘        └─ hole 'new' ─┘
 *
 * A hole has a fixed size, so a request never changes its own size and the bytes are sent as they
 * lie. That keeps the load generator far cheaper than the server it measures.
 */

import { encode } from '../../test/support/resp-client.ts';

export interface Hole {
  readonly hole: string;
  readonly size: number;
}

/** An argument, in pieces. */
export type Pieces = readonly (string | Hole)[];

export class Template {
  /** One or more requests, ready to be sent once every hole is filled. */
  readonly bytes: Buffer;
  readonly #offsets = new Map<string, number[]>();

  constructor(...requests: (readonly (string | Pieces)[])[]) {
    let text = '';
    for (const request of requests) {
      // Control characters mark holes: no piece of text may contain one.
      const holes: string[] = [];
      const argv = request.map((arg) =>
        (typeof arg === 'string' ? [arg] : arg)
          .map((piece) => {
            if (typeof piece === 'string') return piece;
            holes.push(piece.hole);
            return `\x01${'\x02'.repeat(piece.size - 1)}`;
          })
          .join(''),
      );
      const encoded = encode(argv);
      let at = -1;
      for (const name of holes) {
        at = encoded.indexOf('\x01', at + 1);
        this.#offsets.set(name, [...(this.#offsets.get(name) ?? []), text.length + at]);
      }
      text += encoded;
    }
    this.bytes = Buffer.from(text, 'latin1');
  }

  /** Writes the same bytes into every hole of that name. */
  fill(name: string, bytes: Uint8Array): void {
    const offsets = this.#offsets.get(name);
    if (offsets === undefined) throw new Error(`no hole '${name}'`);
    for (let i = 0; i < offsets.length; i++) this.bytes.set(bytes, offsets[i]);
  }
}
