import { Command } from 'commander'
import type { Surroundings } from '../surroundings.js'
import type { PartialName } from './arguments.js'
import { changeTenancy, leaseArgument, tenancyExitCodes, tokenArgument } from './tenancy-write.js'
import { type WriteOptions, withWriteOptions } from './write-options.js'

/** `leasectl release`: gives up what a holder has. */
export const releaseCommand = (surroundings: Surroundings): Command =>
  withWriteOptions(
    new Command('release')
      .summary('give a lease up that is held under a fencing token')
      .description('Gives a lease up for the holder that has the token; the first waiter gets it.')
      .argument(...leaseArgument)
      .argument(...tokenArgument),
  )
    .addHelpText(
      'after',
      `
${tenancyExitCodes}

Examples:
  leasectl release kube-system/kube-scheduler 1763848496000123
  leasectl release "$LEASEHOLD_LEASE" "$LEASEHOLD_FENCING_TOKEN"`,
    )
    .action((name: PartialName, fencingToken: number, options: WriteOptions) =>
      changeTenancy(
        'released',
        { namespace: options.namespace, ...name },
        options,
        surroundings,
        (client, lease, call) => client.release({ ...lease, fencingToken }, call),
      ),
    )
