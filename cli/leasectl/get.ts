import { Command } from 'commander'
import { isLeaseChange, type Lease, type LeaseholdClient } from '../../client/index.js'
import type { Path } from '../jsonpath/path.js'
import { parsePath } from '../jsonpath/template.js'
import { leaseColumns } from '../lease-columns.js'
import { nodeColumns } from '../node-columns.js'
import { CommandError, exitCodes } from '../run-program.js'
import { sortBy } from '../sort-by.js'
import type { Surroundings } from '../surroundings.js'
import { argument } from './arguments.js'
import { withClient } from './connection.js'
import { type LeasePrinter, printerOf } from './lease-printer.js'
import { find, nothingFound, type Selection, type SelectionOptions, select, withSelection } from './lease-selection.js'
import { tellMissing } from './missing.js'
import { warnWithoutMonitor } from './node-monitor.js'
import { type Output, outputOption } from './output.js'
import { type Kind, parseResources } from './resources.js'

interface GetOptions extends SelectionOptions {
  readonly output: Output
  readonly sortBy?: Path
  readonly headers: boolean
  readonly showLabels?: true
  readonly watch?: true
}

/** `leasectl get`: shows leases, and nodes by their leases, as kubectl does. */
export const getCommand = (surroundings: Surroundings): Command =>
  withSelection(
    new Command('get')
      .summary('show leases or nodes, and watch them')
      .description(
        'Shows leases as kubectl does; nodes by their leases in kube-node-lease, with the status that the node-monitor ' +
          'gave them. A watch tells every change but renewals.',
      )
      .argument('<resource>', '"leases" or "nodes"; also lease/NAME')
      .argument('[names...]', 'only these'),
  )
    .addOption(outputOption())
    .option('--sort-by <path>', 'sort by a field, as in .metadata.creationTimestamp', argument(parsePath))
    .option('--no-headers', 'a table without its first line')
    .option('--show-labels', 'a table with labels')
    .option('-w, --watch', 'after that, print what changes')
    .addHelpText(
      'after',
      `
Examples:
  leasectl get leases -A
  leasectl get lease kube-scheduler -n kube-system -o yaml
  leasectl -n kube-system get lease -l k8s.io/component=kube-apiserver
  leasectl get leases -A --field-selector state=expired --sort-by .spec.renewTime
  leasectl get leases -o jsonpath='{range .items[*]}{.metadata.name}{"\\t"}{.spec.holderIdentity}{"\\n"}{end}'
  leasectl get nodes
  leasectl get nodes -l pool=gpu -w

Exit codes: 0 shown, ${exitCodes.failed} a lease is not there or the coordinator does not answer, ${exitCodes.usage} a mistake in the command.`,
    )
    .action(async (resource: string, names: string[], options: GetOptions, verb: Command) => {
      const resources = parseResources([resource, ...names])
      const selection = select(resources, verb)
      if (options.watch && selection.names.length > 1) {
        throw new CommandError('a watch is of one name, or of all that a selector picks', exitCodes.usage)
      }
      await withClient(options, surroundings, client =>
        show(client, selection, { ...options, kind: resources.kind }, surroundings),
      )
    })

async function show(
  client: LeaseholdClient,
  selection: Selection,
  options: GetOptions & { readonly kind: Kind },
  surroundings: Surroundings,
): Promise<void> {
  const { clock, out, err, signal } = surroundings
  const { output, watch } = options
  const isTable = output.format === 'table' || output.format === 'wide'
  const columns = { lease: leaseColumns, node: nodeColumns }[options.kind]({
    namespace: selection.namespace === '',
    wide: output.format === 'wide',
    labels: options.showLabels === true,
  })
  const printer = printerOf(output, { columns, header: options.headers, nowMicros: () => clock.wallMicros() })
  const found = await find(client, selection, signal)
  const leases = options.sortBy === undefined ? found.leases : sortBy(found.leases, options.sortBy)
  if (isTable && options.kind === 'node') await warnWithoutMonitor(client, surroundings)
  const isEach = selection.names.length === 1 || watch === true
  if (leases.length > 0 || (printer.showsNone && !isEach)) out(printer.print(leases, isEach))
  else if (!watch && found.missing.length === 0) err(nothingFound(selection))
  tellMissing(found.missing, surroundings)
  if (watch) await showChanges(client, selection, { ...found, printer }, surroundings)
}

/** What is shown already, and how. */
interface Shown {
  readonly leases: readonly Lease[]
  readonly revision: number
  readonly journalId: string
  readonly printer: LeasePrinter
}

/** Prints what changes in a selection, and a lease once more when its fields leave it. */
async function showChanges(
  client: LeaseholdClient,
  { names: [name], fields, ...selection }: Selection,
  { leases, revision, journalId, printer }: Shown,
  { out, signal }: Surroundings,
): Promise<void> {
  const shown = new Map(leases.map(lease => [leasePath(lease), lease.revision]))
  const what = { ...selection, ...(name === undefined ? {} : { name }) }
  for await (const event of client.watch({ ...what, resumeAfterRevision: revision, journalId, signal })) {
    // The state anew, after a watch that could not go on where it was, and changes that the list had already.
    if (!isLeaseChange(event)) continue
    const path = leasePath(event.lease)
    if ((shown.get(path) ?? 0) >= event.revision) continue
    if (fields.matches(event.lease)) shown.set(path, event.revision)
    else if (!shown.delete(path)) continue
    out(printer.print([event.lease], true))
  }
}

const leasePath = ({ namespace, name }: Lease): string => `${namespace}/${name}`
