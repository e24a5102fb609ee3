/** The words of Redis's files and dumps: rdb.h of Redis 7.2. */

/** The version that is written, but for what it has no words for: Redis 7.0 reads it. */
export const VERSION_WRITTEN = 10;
/** The latest that is read: of Redis 7.2. */
export const VERSION_READ = 11;

// How long something is, by the two bits in front.
export const LENGTH_6 = 0;
export const LENGTH_14 = 1;
export const LENGTH_32 = 0x80;
export const LENGTH_64 = 0x81;
/** What follows is no length but says how a string is encoded. */
export const ENCODED = 3;
export const ENCODED_INT8 = 0;
export const ENCODED_INT16 = 1;
export const ENCODED_INT32 = 2;
export const ENCODED_LZF = 3;

/** Strings up to here are not worth to compress. */
export const COMPRESSED_SIZE_MIN = 20;

// What a value is.
export const T_STRING = 0;
export const T_LIST = 1;
export const T_SET = 2;
export const T_ZSET = 3;
export const T_HASH = 4;
export const T_ZSET_2 = 5;
export const T_HASH_ZIPMAP = 9;
export const T_LIST_ZIPLIST = 10;
export const T_SET_INTSET = 11;
export const T_ZSET_ZIPLIST = 12;
export const T_HASH_ZIPLIST = 13;
export const T_LIST_QUICKLIST = 14;
export const T_STREAM_LISTPACKS = 15;
export const T_HASH_LISTPACK = 16;
export const T_ZSET_LISTPACK = 17;
export const T_LIST_QUICKLIST_2 = 18;
export const T_STREAM_LISTPACKS_2 = 19;
export const T_SET_LISTPACK = 20;
export const T_STREAM_LISTPACKS_3 = 21;

/** Nodes of a list: one element as it is, or a listpack. */
export const NODE_PLAIN = 1;
export const NODE_PACKED = 2;

/** Values of modules, which only the module that wrote them can read. */
export const T_MODULE = 6;
export const T_MODULE_2 = 7;

// Opcodes, in the place of types.
export const OPCODE_FUNCTION = 245;
/** Of versions that were never released. */
export const OPCODE_FUNCTION_EARLY = 246;
export const OPCODE_MODULE_AUX = 247;
/** Seconds since its last use, or how often it is used, of the key that follows. */
export const OPCODE_IDLE = 248;
export const OPCODE_FREQUENCY = 249;
/** A name and a value that a reader may pass over. */
export const OPCODE_AUX = 250;
/** How many keys the database has, and how many of them have a deadline. */
export const OPCODE_SIZES = 251;
/** Unix milliseconds, or seconds, at which the key that follows expires. */
export const OPCODE_DEADLINE = 252;
export const OPCODE_DEADLINE_SECONDS = 253;
export const OPCODE_DATABASE = 254;
export const OPCODE_END = 255;

/** How a file begins; four digits follow, its version. */
export const MAGIC = 'REDIS';
/** From this version on a file ends with its checksum. */
export const VERSION_WITH_SUM = 5;
