import { Command, InvalidArgumentError, Option } from 'commander'
import type { Lease, LeaseholdClient, LeasePage } from '../../client/index.js'
import { CommandError, exitCodes } from '../run-program.js'
import type { Surroundings } from '../surroundings.js'
import { callBound, withClient } from './connection.js'
import type { GlobalOptions } from './global-options.js'
import { type OutputFormat, outputFormats, printerOf } from './lease-printer.js'

interface GetOptions extends GlobalOptions {
  readonly allNamespaces?: true
  readonly selector?: string
  readonly output: OutputFormat
  readonly watch?: true
}

/** Which leases: one by name, or those of a namespace ('' for all) that a selector picks. */
interface Selection {
  readonly namespace: string
  readonly name?: string
  readonly labelSelector?: string
}

/** `leasectl get`: shows leases as kubectl does. */
export const getCommand = (surroundings: Surroundings): Command =>
  new Command('get')
    .summary('show leases, and watch them')
    .description('Shows leases as kubectl does. A watch tells every change but renewals.')
    .argument('<resource>', '"leases", or "lease"; also lease/NAME', parseResource)
    .argument('[name]', 'only this lease')
    .option('-A, --all-namespaces', 'every namespace')
    .option('-l, --selector <selector>', 'only leases with these labels, as in app=db,tier!=dev')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table'))
    .option('-w, --watch', 'after that, print what changes')
    .addHelpText(
      'after',
      `
Examples:
  leasectl get leases -A
  leasectl get lease kube-scheduler -n kube-system -o yaml
  leasectl get leases -n kube-node-lease -l pool=gpu -w`,
    )
    .action(async (resource: Resource, name: string | undefined, options: GetOptions) => {
      const selection = select(resource, name, options)
      await withClient(options, surroundings, client => show(client, selection, options, surroundings))
    })

async function show(
  client: LeaseholdClient,
  selection: Selection,
  { output, watch }: GetOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { clock, out, err, signal } = surroundings
  const printer = printerOf(output, { namespace: selection.namespace === '', nowMicros: () => clock.wallMicros() })
  const { leases, revision, journalId } = await read(client, selection, signal)
  const isEach = selection.name !== undefined || watch === true
  if (leases.length > 0 || (printer.showsNone && !isEach)) out(printer.print(leases, isEach))
  else if (!watch) err(nothingFound(selection))
  if (!watch) return
  const shown = new Map(leases.map(lease => [leasePath(lease), lease.revision]))
  for await (const event of client.watch({ ...selection, resumeAfterRevision: revision, journalId, signal })) {
    // The state anew, after a watch that could not go on where it was, and changes that the list had already.
    if (event.type === 'synced' || event.type === 'restarted') continue
    const path = leasePath(event.lease)
    if ((shown.get(path) ?? 0) >= event.revision) continue
    shown.set(path, event.revision)
    out(printer.print([event.lease], true))
  }
}

const leasePath = ({ namespace, name }: Lease): string => `${namespace}/${name}`

/** The leases, and where a watch must begin that is to miss nothing after them. */
async function read(client: LeaseholdClient, { name, ...query }: Selection, signal: AbortSignal): Promise<LeasePage> {
  const leases: Lease[] = []
  let revision = 0
  let journalId = ''
  for await (const page of client.list(
    { ...query, ...(name === undefined ? {} : { pageSize: 1 }) },
    { ...callBound, signal },
  )) {
    revision ||= page.revision
    journalId ||= page.journalId
    if (name !== undefined) {
      leases.push(await client.get({ namespace: query.namespace, name }, { ...callBound, signal }))
      break
    }
    leases.push(...page.leases)
  }
  return { leases, revision, journalId }
}

const nothingFound = ({ namespace }: Selection): string =>
  namespace === '' ? 'No resources found\n' : `No resources found in ${namespace} namespace.\n`

interface Resource {
  readonly name?: string
}

function parseResource(text: string): Resource {
  const [type = '', name, ...rest] = text.split('/')
  if (!/^leases?(\.coordination\.k8s\.io)?$/.test(type) || name === '' || rest.length > 0) {
    throw new InvalidArgumentError('There are only leases: write "get leases" or "get lease NAME".')
  }
  return name === undefined ? {} : { name }
}

function select(resource: Resource, argument: string | undefined, options: GetOptions): Selection {
  const name = resource.name ?? argument
  const namespace = options.allNamespaces ? '' : options.namespace
  if (name !== undefined && options.selector !== undefined) throw usage('a name and a selector cannot go together')
  if (name !== undefined && options.allNamespaces) throw usage('a lease is read by name in one namespace: -n, not -A')
  return {
    namespace,
    ...(name === undefined ? {} : { name }),
    ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
  }
}

const usage = (message: string): CommandError => new CommandError(message, exitCodes.usage)
