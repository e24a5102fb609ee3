/**
 * What scripts may say of themselves in their first line, and functions where they are registered;
 * in the order in which FUNCTION LIST tells them.
 */
export const SCRIPT_FLAGS = [
  ...['no-writes', 'allow-oom', 'allow-stale', 'no-cluster', 'allow-cross-slot-keys'],
] as const;
