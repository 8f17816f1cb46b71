import { Command, InvalidArgumentError, Option } from 'commander'
import { stringify } from 'yaml'
import { isAddress } from '../../agents/runtime/common-options.js'
import type { Surroundings } from '../surroundings.js'
import type { GlobalOptions } from './global-options.js'

interface KubeconfigOptions extends GlobalOptions {
  /** A URL. */
  readonly server: string
  readonly name: string
}

/** `leasectl kubeconfig`: what makes kubectl, and whatever else reads a kubeconfig, talk to a coordinator. */
export const kubeconfigCommand = ({ out }: Surroundings): Command =>
  new Command('kubeconfig')
    .summary('print what makes kubectl talk to the coordinator')
    .description(
      'Prints a kubeconfig with the coordinator as its only cluster, and the namespace of -n. It has no credentials:\n' +
        'none are asked for where the coordinator serves HTTP.',
    )
    .addOption(
      new Option('--server <host:port|url>', 'where the coordinator serves HTTP')
        .env('LEASEHOLD_SERVER')
        .argParser(parseServer)
        .default('http://127.0.0.1:7071', '127.0.0.1:7071'),
    )
    .option('--name <name>', 'what cluster, user and context are called', 'leasehold')
    .addHelpText(
      'after',
      `
Examples:
  leasectl kubeconfig > leasehold.kubeconfig && kubectl --kubeconfig leasehold.kubeconfig get leases -A
  leasectl kubeconfig -n kube-node-lease --server 10.0.0.5:7071 --name edge > ~/.kube/edge`,
    )
    .action(({ server, name, namespace }: KubeconfigOptions) => {
      out(
        stringify({
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name, cluster: { server, ...(server.startsWith('http:') && withoutTls) } }],
          users: [{ name, user: {} }],
          contexts: [{ name, context: { cluster: name, user: name, namespace } }],
          'current-context': name,
        }),
      )
    })

/** The JavaScript client takes a server without TLS only where the kubeconfig says so; to others it makes no difference. */
const withoutTls = { 'insecure-skip-tls-verify': true } as const

function parseServer(text: string): string {
  if (isAddress(text)) return `http://${text}`
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError('Write it as HOST:PORT, as in 127.0.0.1:7071, or as a URL.')
}
