/** Peers: other servers, as far as commands may ask them something. */

/** Where it ended, if that was before the last reply. */
export type Failure = 'connecting' | 'writing' | 'reading';

export interface Exchange {
  /** What was replied, line by line, without the line ends. */
  readonly lines: readonly string[];
  readonly failure: Failure | undefined;
}

export interface Peers {
  /**
   * Sends requests to a server and reads `count` replies, one line each. Gives up when nothing
   * happens for `idleMs`. Never rejects.
   */
  ask(
    host: string,
    port: number,
    requests: Uint8Array,
    count: number,
    idleMs: number,
  ): Promise<Exchange>;
}
