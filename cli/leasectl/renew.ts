import { Command } from 'commander'
import type { Surroundings } from '../surroundings.js'
import type { PartialName } from './arguments.js'
import { changeTenancy, leaseArgument, tenancyExitCodes, tokenArgument } from './tenancy-write.js'
import { type WriteOptions, withWriteOptions } from './write-options.js'

/** `leasectl renew`: for a holder that is a script. */
export const renewCommand = (surroundings: Surroundings): Command =>
  withWriteOptions(
    new Command('renew')
      .summary('renew a lease that is held under a fencing token')
      .description(
        'Renews a lease for the holder that has the token. From when this was sent the holder may act for 0.97 of the\n' +
          'lease duration.',
      )
      .argument(...leaseArgument)
      .argument(...tokenArgument),
  )
    .addHelpText(
      'after',
      `
${tenancyExitCodes}

Examples:
  leasectl renew kube-system/kube-scheduler 1763848496000123
  leasectl renew "$LEASEHOLD_LEASE" "$LEASEHOLD_FENCING_TOKEN" || exit`,
    )
    .action((name: PartialName, fencingToken: number, options: WriteOptions) =>
      changeTenancy(
        'renewed',
        { namespace: options.namespace, ...name },
        options,
        surroundings,
        async (client, lease, call) => {
          const renewal = await client.renew({ ...lease, fencingToken }, call)
          return renewal.lease
        },
      ),
    )
