import { Command } from 'commander'
import type { Lease, LeaseholdClient } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { ManifestError } from '../manifest.js'
import { CommandError, exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { withClient } from './connection.js'
import { find, nothingFound, type SelectionOptions, select, withSelection } from './lease-selection.js'
import { fileOption } from './manifest-files.js'
import { placedManifests } from './manifest-writes.js'
import { tellMissing } from './missing.js'
import { parseResources } from './resources.js'
import { type WriteOptions, withWriteOptions, writeCall, writtenPrinter } from './write-options.js'

interface DeleteOptions extends WriteOptions, SelectionOptions {
  readonly filename?: readonly string[]
  readonly all?: true
  readonly ignoreNotFound?: true
}

/** What is to be deleted; with a uid only that very lease. */
interface Target {
  readonly namespace: string
  readonly name: string
  readonly uid?: string
}

/** `leasectl delete`: deletes leases, held or not. */
export const deleteCommand = (surroundings: Surroundings): Command =>
  withWriteOptions(
    withSelection(
      new Command('delete')
        .summary('delete leases')
        .description(
          'Deletes leases by name, by manifest or by selector, held or not: a holder hears that it lost its lease, and whoever\n' +
            'waits for it gets a new one.',
        )
        .argument('[resource]', '"lease" or "leases"; also lease/NAME')
        .argument('[names...]', 'these leases')
        .addOption(fileOption())
        .option('--all', 'every lease of the namespace, or with -A everywhere')
        .option('--ignore-not-found', 'a lease that is not there is no failure'),
    ),
    ['name'],
  )
    .addHelpText(
      'after',
      `
Examples:
  leasectl delete lease kube-scheduler -n kube-system
  leasectl delete lease/a lease/b --ignore-not-found
  leasectl delete leases -n kube-node-lease -l pool=gpu --dry-run=server
  leasectl delete leases -A --field-selector state=expired
  leasectl delete -f lease.yaml

Exit codes: 0 deleted, ${exitCodes.failed} a lease is not there or the coordinator does not answer, ${exitCodes.usage} a mistake in the command.`,
    )
    .action(async (resource: string | undefined, names: string[], options: DeleteOptions, verb: Command) => {
      const words = resource === undefined ? [] : [resource, ...names]
      const targets = await targetsOf(words, options, verb, surroundings)
      await withClient(options, surroundings, async client =>
        deleteAll(client, await targets(client), options, surroundings),
      )
    })

/** How the leases are found that the command line names, once there is a client. */
async function targetsOf(
  words: readonly string[],
  options: DeleteOptions,
  verb: Command,
  surroundings: Surroundings,
): Promise<(client: LeaseholdClient) => Promise<readonly Target[]>> {
  const { filename, all } = options
  if (filename !== undefined) {
    if (words.length > 0 || isSelecting(options)) throw usage('-f names the leases: give no names or selectors with it')
    const targets = (await placedManifests(filename, verb, surroundings)).map(({ place, namespace, name }) => {
      if (name === undefined) throw new ManifestError(place, 'metadata.name: is required to delete the lease')
      return { namespace, name }
    })
    return async () => targets
  }
  const resources = parseResources(words.length > 0 ? words : ['leases'])
  if (resources.kind !== 'lease') throw usage('only leases are deleted: that of a node is in -n kube-node-lease')
  const selection = select(resources, verb)
  const { namespace } = selection
  if (resources.names.length > 0) {
    if (all) throw usage('names and --all cannot go together')
    return async () => resources.names.map(name => ({ namespace, name }))
  }
  if (words.length === 0 || !isSelecting(options)) {
    throw usage('say what to delete: lease NAME, -f FILE, or leases with -l, --field-selector or --all')
  }
  return async client => {
    const { leases } = await find(client, selection, surroundings.signal)
    if (leases.length === 0) surroundings.err(nothingFound(selection))
    return leases
  }
}

const isSelecting = ({ selector, fieldSelector, all }: DeleteOptions): boolean =>
  selector !== undefined || fieldSelector !== undefined || all === true

/** Deletes each, whatever becomes of the others; what is not there is told at the end. */
async function deleteAll(
  client: LeaseholdClient,
  targets: readonly Target[],
  options: DeleteOptions,
  surroundings: Surroundings,
): Promise<void> {
  const call = writeCall(options, surroundings)
  const tell = writtenPrinter(options, surroundings)
  const missing: TransportError[] = []
  for (const { namespace, name, uid } of targets) {
    const deleted = await client.delete({ namespace, name, ...(uid && { uid }) }, call).catch(error => {
      if (!(error instanceof TransportError) || !isGone(error)) throw error
      // Somebody else has deleted what was selected.
      if (uid === undefined && !options.ignoreNotFound) missing.push(error)
    })
    if (deleted) tell(deleted, deletionMessage(deleted))
  }
  tellMissing(missing, surroundings)
}

const isGone = ({ reason }: TransportError): boolean => reason === 'LEASE_NOT_FOUND' || reason === 'REVISION_MISMATCH'

const deletionMessage =
  ({ finalizers }: Lease) =>
  (name: string): string => {
    const lease = `lease.coordination.k8s.io "${name}"`
    return finalizers.length === 0
      ? `${lease} deleted`
      : `${lease} is being deleted, once its finalizers are gone: ${finalizers.join(', ')}`
  }

const usage = (message: string): CommandError => new CommandError(message, exitCodes.usage)
