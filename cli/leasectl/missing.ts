import type { TransportError } from '../../client/transport.js'
import { describeError, Exit, exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'

/**
 * Tells which of the named leases are not there, in a line each.
 *
 * @throws Exit when there are any.
 */
export function tellMissing(missing: readonly TransportError[], { err }: Pick<Surroundings, 'err'>): void {
  for (const error of missing) err(`leasectl: ${describeError(error)}\n`)
  if (missing.length > 0) throw new Exit(exitCodes.failed)
}
