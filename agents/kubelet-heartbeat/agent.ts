import { sleep } from '../../client/sleep.js'
import { checkRenewInterval } from '../presence/presence.js'
import { type AgentContext, defineAgent } from '../runtime/agent.js'
import { exitCode } from '../runtime/exit-codes.js'
import { whenAborted } from '../runtime/when-aborted.js'
import { CheckGate, type Gate, shellCheck } from './check.js'
import { heartbeat } from './heartbeat.js'
import { nodeNameFrom, wrongNodeName } from './node-name.js'

/** How often a coordinator has a lease renewed within its duration, when it is not overloaded. */
const usualRenewals = 4

/** Hollow nodes to a stream, and how many streams there are at most. */
const nodesPerSession = 10_000
const mostSessions = 64

export const agent = defineAgent({
  name: 'kubelet-heartbeat',
  description:
    'Tells that a node is alive, as a kubelet does: keeps the lease named like the node, with the node as its holder. ' +
    'A process that is started again for the same node takes over at once, and the older one exits with code 3. ' +
    'When it stops it leaves the lease, as a kubelet does, and the lease runs out.',
  examples: [
    '--node node-1',
    "--node node-1 --check 'systemctl is-active containerd'",
    '--node hollow --nodes 10000 --address 10.0.0.5:7070',
  ],
  leasesAtExit: 'leave',
  options: {
    node: {
      type: 'text',
      description: "the node's name (default: this host's name)",
      placeholder: 'name',
      check: wrongNodeName,
    },
    namespace: { type: 'text', description: 'where the lease is', placeholder: 'name', default: 'kube-node-lease' },
    leaseDuration: {
      type: 'duration',
      description: 'how long the node counts as alive after a renewal',
      default: '40s',
      min: '1s',
    },
    renewInterval: {
      type: 'duration',
      description:
        'how often to renew, and to check; up to 4 % is added at random (default: when the coordinator says, which is a ' +
        'quarter of the lease duration, and later when it is overloaded)',
      min: '100ms',
    },
    check: {
      type: 'text',
      description: 'renew only while this shell command exits with 0',
      placeholder: 'command',
      check: command => (command.trim() === '' ? 'It must be a command.' : undefined),
    },
    checkTimeout: {
      type: 'duration',
      description: 'how long the check may take before it counts as failed',
      default: '10s',
    },
    nodes: {
      type: 'integer',
      description: 'be so many hollow nodes, NODE-0, NODE-1 and so on, on a few streams',
      placeholder: 'count',
      min: 1,
      max: 1_000_000,
    },
  },

  async run(context, options) {
    const { client, clock, random, log, signal } = context
    const { leaseDuration, renewInterval = leaseDuration / usualRenewals } = options
    checkRenewInterval({ leaseDuration, renewInterval })
    const node = options.node ?? nodeNameFrom(context.hostname)
    const names = nodeNames(node, options.nodes)
    const gate = checked(context, { ...options, renewInterval })
    const sessions = Array.from({ length: sessionCount(names.length) }, () => context.openSession())
    log.info({ node, nodes: names.length, streams: sessions.length }, 'heartbeats begin')
    // Thousands of nodes are told of only when somebody asks for it.
    const nodeLog = names.length > 1 && log.level === 'info' ? log.child({}, { level: 'error' }) : log
    const endings = names.map(async (name, index) => {
      // Hollow nodes that all began at once would renew at once for ever.
      if (names.length > 1) await sleep(clock, random.fraction() * renewInterval)
      const session = sessions[index % sessions.length] ?? context.session
      return heartbeat(
        name,
        {
          namespace: options.namespace,
          leaseDurationMs: leaseDuration,
          renewIntervalMs: options.renewInterval,
          gate,
          session,
        },
        { client, log: nodeLog, clock, signal },
      )
    })
    await Promise.race([Promise.all(endings), whenAborted(signal)])
    if (signal.aborted) return exitCode.ok
    if (names.length > 1) log.warn({ nodes: names.length }, 'other processes have the leases of all these nodes')
    return exitCode.superseded
  },
})

/** The node itself, or its hollow ones. */
export const nodeNames = (node: string, count: number | undefined): string[] =>
  count === undefined ? [node] : Array.from({ length: count }, (_, index) => `${node}-${index}`)

/** How many streams so many nodes share. */
export const sessionCount = (nodes: number): number => Math.min(Math.ceil(nodes / nodesPerSession), mostSessions)

function checked(
  { clock, random, log, signal, note }: AgentContext,
  { check, checkTimeout, renewInterval }: { check: string | undefined; checkTimeout: number; renewInterval: number },
): Gate | undefined {
  if (check === undefined) return undefined
  const gate = new CheckGate({
    check: () => shellCheck(check, { timeoutMs: checkTimeout, clock, signal }),
    intervalMs: renewInterval,
    clock,
    random,
    signal,
    changed(wrong) {
      note(wrong)
      if (wrong === undefined) log.info({ check }, 'the check succeeds')
      else log.warn({ check, wrong }, 'the check fails: the lease is not renewed')
    },
  })
  void gate.run()
  return gate
}
