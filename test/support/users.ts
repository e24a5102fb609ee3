/** Users of a server that knows few commands, or none. */

import type { RuledCommands } from '../../src/instance/acl/selector.ts';
import type { User } from '../../src/instance/acl/user.ts';
import { Users } from '../../src/instance/acl/users.ts';
import { Clients } from '../../src/instance/clients.ts';
import type { Files } from '../../src/instance/config/files.ts';

const NO_COMMANDS: RuledCommands = { categories: [], byName: () => undefined, all: () => [] };

/** A folder with nothing in it. */
const NO_FILES: Files = {
  read() {
    throw new Error('there is no such file');
  },
  expand: () => [],
  probe() {},
  replace() {},
};

export function newUsers(commands = NO_COMMANDS, clients = new Clients(), files = NO_FILES): Users {
  return new Users({ commands, allowsChannels: () => false }, clients, files);
}

/** The user that everybody is who has not said more, and who may do everything. */
export function anyUser(): User {
  return newUsers().default;
}
