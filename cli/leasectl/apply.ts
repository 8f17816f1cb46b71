import { Command } from 'commander'
import type { LeaseholdClient, WriteOptions as WriteCall } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { takeoverDelayAnnotation } from '../../protos/annotations.js'
import { ManifestError } from '../manifest.js'
import { exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { withClient } from './connection.js'
import { changes, newLease, refuseOthersFields } from './manifest-fields.js'
import { fileOption } from './manifest-files.js'
import {
  type ManifestOptions,
  type PlacedManifest,
  placedManifests,
  type Written,
  writeManifests,
} from './manifest-writes.js'
import { withWriteOptions } from './write-options.js'

/** How often a lease may change between reading and writing it before people are told. */
const maxAttempts = 10

/** `leasectl apply`: makes leases be as manifests have them. */
export const applyCommand = (surroundings: Surroundings): Command =>
  withWriteOptions(
    new Command('apply')
      .summary('create leases from manifests, or change them')
      .description(
        'Creates the leases that are missing and changes the others. What a manifest names is set, what it does not name\n' +
          'stays as it is, and null takes off: a field, a label or an annotation. The holder and what comes with it are not\n' +
          `for apply to change. The annotation ${takeoverDelayAnnotation}, as in 30s, is the takeover delay. Of several\n` +
          'leases none is written before all were checked.',
      )
      .addOption(fileOption().makeOptionMandatory()),
  )
    .addHelpText(
      'after',
      `
Exit codes: 0 all is as the manifests have it, ${exitCodes.failed} it is not, ${exitCodes.usage} a mistake in the command.

Examples:
  leasectl apply -f lease.yaml
  leasectl apply -f lease.yaml --dry-run=server
  cat leases/*.yaml | leasectl apply -n shop -f - -o name`,
    )
    .action(async (options: ManifestOptions, verb: Command) => {
      const manifests = await placedManifests(options.filename, verb, surroundings)
      await withClient(options, surroundings, client =>
        writeManifests(manifests, options, surroundings, (manifest, call) => applyManifest(client, manifest, call)),
      )
    })

/** What of the client apply needs. */
type Leases = Pick<LeaseholdClient, 'get' | 'create' | 'update'>

/**
 * Makes one lease be as its manifest has it: reads and writes until nothing came between.
 *
 * @throws ManifestError for what apply cannot change.
 */
export async function applyManifest(client: Leases, manifest: PlacedManifest, call: WriteCall): Promise<Written> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOnce(client, manifest, call)
    } catch (error) {
      if (!hasChanged(error) || attempt === maxAttempts) throw error
    }
  }
}

async function applyOnce(client: Leases, manifest: PlacedManifest, call: WriteCall): Promise<Written> {
  const { place, namespace, name } = manifest
  if (name === undefined) throw new ManifestError(place, 'metadata.name: is required, since apply makes no names')
  const lease = await client.get({ namespace, name }, call).catch(error => {
    if (error instanceof TransportError && error.reason === 'LEASE_NOT_FOUND') return undefined
    throw error
  })
  if (lease === undefined) return { lease: await client.create(newLease(manifest), call), what: 'created' }
  refuseOthersFields(manifest, lease)
  const changed = changes(manifest, lease)
  if (Object.keys(changed).length === 0) return { lease, what: 'unchanged' }
  const { uid, resourceVersion } = lease
  return { lease: await client.update({ namespace, name, uid, resourceVersion, ...changed }, call), what: 'configured' }
}

const hasChanged = (error: unknown): boolean =>
  error instanceof TransportError && (error.reason === 'REVISION_MISMATCH' || error.reason === 'LEASE_EXISTS')
