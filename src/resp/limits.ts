/** The limits of the protocol, each with the reason for its number. */

const KiB = 1024;
const MiB = 1024 * KiB;

/** A line that says how many follow, or an inline request: Redis's PROTO_INLINE_MAX_SIZE. */
export const LINE_SIZE_MAX = 64 * KiB;

/** Arguments of a request: Redis reads their count as a C int. */
export const ARGUMENT_COUNT_MAX = 2147483647;

/** What a client may send before it has authenticated: enough for HELLO with AUTH and SETNAME. */
export const UNAUTHENTICATED_ARGUMENT_COUNT_MAX = 10;
export const UNAUTHENTICATED_BULK_SIZE_MAX = 16 * KiB;

/** One request, whatever is configured: positions of arguments are 32-bit integers. */
export const REQUEST_SIZE_MAX = 2 ** 31 - 1;

/** The buffer of an unfinished request when it is first needed: most are cut off by a read. */
export const BUFFER_SIZE_INITIAL = KiB;

/**
 * What is allocated beyond the bytes that have arrived, or as much again as have, if that is more.
 * So announcing an argument of 512 MiB and sending nothing costs its sender more than us, and one
 * that does come is copied once over, not for each read.
 */
export const BUFFER_AHEAD_MAX = MiB;

/** A buffer larger than this is given back when it has been emptied: few requests need it. */
export const BUFFER_SIZE_KEPT = 16 * KiB;

/** Bytes of buffers given back that wait for the next large request of anyone. */
export const SPARE_BUFFERS_SIZE_MAX = 4 * MiB;

/** The same for what a transaction has queued; so many empty queues wait for the next ones. */
export const QUEUE_SIZE_KEPT = 4 * KiB;
export const SPARE_QUEUES_MAX = 64;

/** The same for positions of arguments. A pipeline of requests below it never allocates. */
export const ARGUMENTS_KEPT = KiB;
