/** Single requests to a server that is measured, between the measurements. */

import { type Address, type Arg, RespClient, type Tree } from '../../test/support/resp-client.ts';

/** Long: a server may be busy for a while with what it has to forget. */
const TIMEOUT_MS = 600_000;

/** One request over a connection of its own; an error reply is thrown. */
export async function ask(address: Address, ...argv: Arg[]): Promise<Tree> {
  const client = await RespClient.connect(address, TIMEOUT_MS);
  try {
    const { tree } = await client.call(...argv);
    if (tree.type === '-') throw new Error(`${argv.slice(0, 2).join(' ')}: ${tree.text}`);
    return tree;
  } finally {
    client.close();
  }
}

export async function flush(address: Address): Promise<void> {
  await ask(address, 'FLUSHALL');
}

/** A number that INFO has under that name; undefined where it has none. */
export async function infoNumber(
  address: Address,
  section: string,
  field: string,
): Promise<number | undefined> {
  const { text } = await ask(address, 'INFO', section);
  const found = new RegExp(`^${field}:(-?[\\d.]+)`, 'm').exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}
