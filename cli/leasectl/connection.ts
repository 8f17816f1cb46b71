import { LeaseholdClient } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { CommandError } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import type { GlobalOptions } from './global-options.js'

/** How long a call may take before people are told that it does not work. */
export const callBound = { timeoutMs: 5_000 } as const

/**
 * Does some work with a client of the coordinator, and closes the client.
 *
 * @throws CommandError when no coordinator answers there, with what to do.
 */
export async function withClient<T>(
  { address }: Pick<GlobalOptions, 'address'>,
  { clock, random }: Surroundings,
  work: (client: LeaseholdClient) => Promise<T>,
): Promise<T> {
  const client = new LeaseholdClient({ addresses: [address], clock, random })
  try {
    return await work(client)
  } catch (error) {
    if (error instanceof TransportError && error.status === 'UNAVAILABLE') {
      throw new CommandError(
        `no coordinator answers at ${address}: start one with \`leasehold coordinator\`, or name another with --address`,
      )
    }
    throw error
  } finally {
    await client.close()
  }
}
