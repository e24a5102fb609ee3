/** Peers: other servers, as far as commands may ask them something. */

/** Where it ended, if that was before the last reply. */
export type Failure = 'connecting' | 'writing' | 'reading';

export interface Exchange {
  /** What was replied, line by line, without the line ends. */
  readonly lines: readonly string[];
  readonly failure: Failure | undefined;
}

/** Another server, and who is to be there: what it is logged in with, which outlives an exchange. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  readonly identity: string;
}

export interface Peers {
  /** Connections that are kept for what is asked next. */
  readonly keptCount: number;
  /**
   * Sends requests to a server and reads `count` replies, one line each. Gives up when nothing
   * happens for `idleMs`. Never rejects.
   */
  ask(peer: Peer, requests: Uint8Array, count: number, idleMs: number): Promise<Exchange>;
}
