import { type Command, Option } from 'commander'
import type { Lease, LeaseholdClient, LeasePage } from '../../client/index.js'
import { TransportError } from '../../client/transport.js'
import { type FieldSelector, parseFieldSelector } from '../field-selector.js'
import { CommandError, exitCodes } from '../run-program.js'
import { argument } from './arguments.js'
import { callBound } from './connection.js'
import type { GlobalOptions } from './global-options.js'
import type { Resources } from './resources.js'

/** The options by which a verb picks leases. */
export interface SelectionOptions extends GlobalOptions {
  readonly allNamespaces?: true
  readonly selector?: string
  readonly fieldSelector?: FieldSelector
}

/** Which leases: some by name, or those of a namespace ('' for all) that selectors pick. */
export interface Selection {
  readonly namespace: string
  readonly names: readonly string[]
  readonly labelSelector?: string
  readonly fields: FieldSelector
}

/** What was found, where a watch must begin that is to miss nothing after it, and what to say of the names that are not there. */
export interface Found extends LeasePage {
  readonly missing: readonly TransportError[]
}

/** Where the leases of nodes are, as Kubernetes has it. */
const nodeNamespace = 'kube-node-lease'

/** Gives a verb the options that pick leases. */
export const withSelection = (verb: Command): Command =>
  verb
    .option('-A, --all-namespaces', 'every namespace')
    .option('-l, --selector <selector>', 'only leases with these labels, as in app=db,tier!=dev')
    .addOption(
      new Option(
        '--field-selector <selector>',
        'only leases with these fields, as in state=held: metadata.name, metadata.namespace, spec.holderIdentity, state; = or !=',
      ).argParser(argument(parseFieldSelector)),
    )

/** @throws CommandError for options that cannot go together. */
export function select({ kind, names }: Resources, verb: Command): Selection {
  const options = verb.opts<SelectionOptions>()
  if (names.length > 0 && (options.selector !== undefined || options.fieldSelector !== undefined)) {
    throw usage('a name and a selector cannot go together')
  }
  if (names.length > 0 && options.allNamespaces) throw usage('a lease is read by name in one namespace: -n, not -A')
  const isNamed = verb.getOptionValueSource('namespace') !== 'default'
  // Nodes are of no namespace to people, so -A says nothing of them.
  const namespace = kind === 'node' && !isNamed ? nodeNamespace : options.namespace
  return {
    namespace: options.allNamespaces && kind === 'lease' ? '' : namespace,
    names,
    ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
    fields: options.fieldSelector ?? parseFieldSelector(''),
  }
}

/** Reads the leases of a selection. */
export async function find(client: LeaseholdClient, selection: Selection, signal: AbortSignal): Promise<Found> {
  const { namespace, names, labelSelector, fields } = selection
  const call = { ...callBound, signal }
  const query = { namespace, ...(labelSelector === undefined ? {} : { labelSelector }), ...fields.query }
  const leases: Lease[] = []
  const missing: TransportError[] = []
  let [revision, journalId] = [0, '']
  // With names too, for the revision; it is read before the leases are.
  for await (const page of client.list({ ...query, ...(names.length === 0 ? {} : { pageSize: 1 }) }, call)) {
    revision ||= page.revision
    journalId ||= page.journalId
    if (names.length > 0) break
    leases.push(...page.leases.filter(fields.matches))
  }
  for (const name of names) {
    const lease = await client.get({ namespace, name }, call).catch(asMissing)
    if (lease instanceof TransportError) missing.push(lease)
    else leases.push(lease)
  }
  return { leases, revision, journalId, missing }
}

/** @throws what is no news about the lease. */
function asMissing(error: unknown): TransportError {
  if (error instanceof TransportError && error.reason === 'LEASE_NOT_FOUND') return error
  throw error
}

export const nothingFound = ({ namespace }: Selection): string =>
  namespace === '' ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`

const usage = (message: string): CommandError => new CommandError(message, exitCodes.usage)
