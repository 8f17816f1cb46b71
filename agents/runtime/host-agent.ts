import type { Logger } from 'pino'
import { type LeaseholdClient, LeaseLostError } from '../../client/index.js'
import type { Clock } from '../../clock/clock.js'
import type { Random } from '../../clock/random.js'
import type { AgentContext, AgentSession } from './agent.js'
import { AgentMetrics, serveMetrics } from './agent-metrics.js'
import type { AgentCall } from './command-line.js'
import { exitCode } from './exit-codes.js'
import { HealthFile } from './health-file.js'
import { Holdings } from './holdings.js'
import { UsageError } from './usage-error.js'

/** What an agent runs on. */
export interface Surroundings {
  readonly client: LeaseholdClient
  readonly addresses: readonly string[]
  /** Aborted when the agent is to stop. */
  readonly stop: AbortSignal
  readonly log: Logger
  readonly clock: Clock
  readonly random: Random
  readonly hostname: string
}

/** How long the work and the release of its leases may take after the agent was told to stop. */
export const stopBoundMs = 8_000

/**
 * Runs an agent with its health file and its metrics until its work is done, or until it was told to stop and the work
 * has ended; then its leases are released, or left, and the client is closed. Work that does not end in time is given
 * up without a release, since it may still act.
 *
 * @returns the exit code.
 */
export async function hostAgent(call: AgentCall, surroundings: Surroundings): Promise<number> {
  const { agent, common } = call
  const { client, stop, log, clock } = surroundings
  const metrics = new AgentMetrics(agent.name)
  let health: HealthFile | undefined
  const holdings = new Holdings({ changed: () => health?.changed(), lost: cause => metrics.lost(cause) })
  metrics.observe(holdings)
  if (common.healthFile !== undefined) {
    health = new HealthFile({ path: common.healthFile, agent: agent.name, holdings, clock, log })
    health.changed()
  }
  stop.addEventListener('abort', () => health?.stopping())
  let endpoint: Awaited<ReturnType<typeof serveMetrics>> | undefined
  try {
    if (common.metrics !== undefined) {
      endpoint = await serveMetrics(metrics.registry, common.metrics)
      log.info({ url: endpoint.url }, 'metrics are served')
    }
    const openSession = (): AgentSession => holdings.watch(client.openSession())
    const note = (text: string | undefined): void => health?.note(text)
    const context = agentContext(call, surroundings, openSession, { metrics: metrics.registry, note })
    return await bounded(workAndRelease(call, context, client), surroundings)
  } catch (error) {
    if (error instanceof UsageError) {
      log.error(error.message)
      return exitCode.usage
    }
    // Work that waited for its lease, or had it, hears of the stop in this way.
    if (stop.aborted && error instanceof LeaseLostError) return exitCode.ok
    log.error({ err: error }, 'the agent failed')
    return exitCode.failure
  } finally {
    await client.close({ release: false })
    endpoint?.close()
    await health?.remove()
  }
}

function agentContext(
  { command }: AgentCall,
  { client, addresses, stop, log, clock, random, hostname }: Surroundings,
  openSession: () => AgentSession,
  own: Pick<AgentContext, 'metrics' | 'note'>,
): AgentContext {
  let first: AgentSession | undefined
  return {
    client,
    get session() {
      first ??= openSession()
      return first
    },
    openSession,
    signal: stop,
    log,
    clock,
    random,
    hostname,
    addresses,
    command,
    ...own,
  }
}

async function workAndRelease(
  { agent, options }: AgentCall,
  context: AgentContext,
  client: LeaseholdClient,
): Promise<number> {
  // The command line has filled in the options as this agent declares them.
  const code = await agent.run(context, options as never)
  await client.close({ release: agent.leasesAtExit !== 'leave' })
  return code ?? exitCode.ok
}

/** Resolves with the work's code, or with `stopTimeout` when the work goes on too long after the stop. */
function bounded(work: Promise<number>, { stop, clock, log }: Surroundings): Promise<number> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => {
      const timer = clock.setTimer(stopBoundMs, () => {
        log.error({ stopBoundMs }, 'the work did not end in time; its leases run out by themselves')
        resolve(exitCode.stopTimeout)
      })
      const ended = (): void => timer.cancel()
      work.then(ended, ended)
    }
    if (stop.aborted) stopped()
    else stop.addEventListener('abort', stopped, { once: true })
    work.then(resolve, reject)
  })
}
