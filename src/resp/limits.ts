/** The limits of the protocol, each with the reason for its number. */

/** A line that says how many follow, or an inline request: Redis's PROTO_INLINE_MAX_SIZE. */
export const LINE_SIZE_MAX = 64 * 1024;

/** Arguments of a request: Redis reads the count as a C int. */
export const ARGUMENT_COUNT_MAX = 2147483647;

/** What a client may send before it has authenticated: enough for HELLO with AUTH and SETNAME. */
export const UNAUTHENTICATED_ARGUMENT_COUNT_MAX = 10;
export const UNAUTHENTICATED_BULK_SIZE_MAX = 16384;
