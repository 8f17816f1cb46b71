import { Command } from 'commander'
import { exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { withClient } from './connection.js'
import { newLease } from './manifest-fields.js'
import { fileOption } from './manifest-files.js'
import { type ManifestOptions, placedManifests, writeManifests } from './manifest-writes.js'
import { withWriteOptions } from './write-options.js'

/** `leasectl create`: makes leases that must not exist. */
export const createCommand = (surroundings: Surroundings): Command =>
  withWriteOptions(
    new Command('create')
      .summary('create leases from manifests')
      .description(
        'Creates leases from manifests of Kubernetes; they must not exist. A spec.holderIdentity takes the lease for that\n' +
          'holder, for spec.leaseDurationSeconds. Of several leases none is created before all were checked.',
      )
      .addOption(fileOption().makeOptionMandatory()),
  )
    .addHelpText(
      'after',
      `
Exit codes: 0 all were created, ${exitCodes.failed} not all were, ${exitCodes.usage} a mistake in the command.

Examples:
  leasectl create -f lease.yaml
  leasectl create -f lease.yaml --dry-run=server -o yaml
  cat leases/*.yaml | leasectl create -n shop -f -`,
    )
    .action(async (options: ManifestOptions, verb: Command) => {
      const manifests = await placedManifests(options.filename, verb, surroundings)
      await withClient(options, surroundings, client =>
        writeManifests(manifests, options, surroundings, async (manifest, call) => ({
          lease: await client.create(newLease(manifest), call),
          what: 'created',
        })),
      )
    })
