/**
 * Maxmemory: how large the default zone is, and what holds while it can't be that.
 *
 *   1gb       a size that a zone can have: the zone has it, and never takes more
 *   100kb     less than a zone must have ┐ the zone stays as it is, and is emptied to that many
 *   1gb       less than what must stay   ┘ bytes by the rule of Redis: before each command
 *
 * The second way is for the moment and for tests. It lets a command take more than there may be, and
 * evicts after; while what must stay is too much, nothing may be added. As soon as it fits in a zone
 * of that size, the zone takes it.
 */

import type { Instance } from '../dispatch/call.ts';
import { evictExcess } from '../dispatch/eviction.ts';
import { DEFAULT_ZONE_SIZE } from '../instance/config/directives.ts';
import { SMALL_PAGE, ZONE_SIZE_MIN, zoneSizeFault } from '../zone/layout.ts';
import type { Zone } from '../zone/zone.ts';

const NO_MEMORY = 'there is not so much memory';

/** Bytes of the default zone when the server starts. */
export function defaultZoneSize(maxmemory: number): number {
  return maxmemory === 0 ? DEFAULT_ZONE_SIZE : Math.max(maxmemory, ZONE_SIZE_MIN);
}

/** Whether that is less than a zone must have. */
function isNoSize({ layout }: Zone, maxmemory: number): boolean {
  return maxmemory !== 0 && maxmemory < (ZONE_SIZE_MIN / SMALL_PAGE) * layout.pageSize;
}

/** Has the default zone follow the directive, from now on. */
export function followMaxmemory(instance: Instance): void {
  const { config, keyspace } = instance;
  const [zone] = keyspace.zones;
  if (isNoSize(zone, config.values.maxmemory)) keyspace.memoryLimit = config.values.maxmemory;
  keyspace.onFitting = (limit) => {
    if (!isNoSize(zone, limit) && zone.resizeTo(limit))
      keyspace.memoryLimit = Number.POSITIVE_INFINITY;
  };
  config.onChange('maxmemory', {
    check: ({ maxmemory }) =>
      isNoSize(zone, maxmemory)
        ? undefined
        : zoneSizeFault(defaultZoneSize(maxmemory), zone.layout.pageSize),
    apply({ maxmemory }) {
      const size = defaultZoneSize(maxmemory);
      if (!isNoSize(zone, maxmemory) && zone.resizeTo(size)) {
        keyspace.memoryLimit = Number.POSITIVE_INFINITY;
        return undefined;
      }
      if (maxmemory === 0 || size >= zone.size) return NO_MEMORY;
      keyspace.memoryLimit = maxmemory;
      // Not now: a transaction may be in the middle of what it does.
      setImmediate(() => evictExcess(instance));
      return undefined;
    },
  });
  config.onChange('maxmemory-policy', {
    apply({ maxmemoryPolicy }) {
      zone.recency.setPolicy(maxmemoryPolicy);
      return undefined;
    },
  });
}
