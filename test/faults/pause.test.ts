import test from 'ava'
import { type LeaseChange, type LeaseholdClient, LeaseLostError, type Session } from '../../client/index.js'
import { startAgent } from '../agents/agent-process.js'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { listAll } from '../support/list-all.js'
import { until } from '../support/until.js'
import { Results } from './results.js'

const leaseDurationMs = 4_000
const keeperCount = 40

const title =
  'rule 3: SIGSTOP of the coordinator for three lease durations: no lease is expired whose holder kept trying, and one ' +
  'whose holder was stopped too is expired afterwards'

test.serial(title, async t => {
  const coordinator = await CoordinatorProcess.start(t)
  const client = coordinator.client(t)
  const changes = watch(client)
  const session = client.openSession()
  const keepers = Array.from({ length: keeperCount }, (_, number) => new Keeper(session, `keeper-${number}`))
  t.teardown(() => {
    for (const keeper of keepers) keeper.stop()
  })
  const flags = ['--node', 'sleeper', '--namespace', 'default', '--lease-duration', `${leaseDurationMs}ms`]
  const agent = startAgent(t, coordinator.address, 'kubelet-heartbeat', ...flags, '--renew-interval', '500ms')
  const isHeld = () => changes.some(({ type, lease }) => type === 'created' && lease.name === 'sleeper')
  await until(() => isHeld() && keepers.every(({ tokens }) => tokens.size === 1))

  agent.process.kill('SIGSTOP')
  coordinator.signal('SIGSTOP')
  const stoppedAt = performance.now()
  await until(() => performance.now() - stoppedAt > 3 * leaseDurationMs)
  t.true(
    keepers.every(({ losses }) => losses > 0),
    'each holder knows by itself that its time has run out',
  )
  coordinator.signal('SIGCONT')

  await until(() => changes.some(({ type, lease }) => type === 'expired' && lease.name === 'sleeper'))
  await until(() => keepers.every(({ isHeld }) => isHeld))
  const expired = changes.flatMap(({ type, lease }) => (type === 'expired' ? [lease.name] : []))
  t.deepEqual(expired, ['sleeper'])
  const tokens = new Map((await listAll(client)).map(({ name, fencingToken }) => [name, fencingToken]))
  for (const { name, tokens: told } of keepers) t.deepEqual([...told], [tokens.get(name)], name)
  t.true((await coordinator.metric('leasehold_lease_clock_skipped_seconds_total')) > (2 * leaseDurationMs) / 1e3)

  agent.process.kill('SIGCONT')
  await until(() => changes.some(({ type, lease }) => type === 'acquired' && lease.name === 'sleeper'))
  const results = new Results('SIGSTOP for three lease durations')
  results.injected('coordinator stopped')
  results.injected('agent stopped')
  results.add({ holders: keeperCount, 'leases lost': 0 })
  results.write(t)
})

/** A holder that acquires its lease again whenever its own deadline has passed. */
class Keeper {
  readonly name: string
  readonly tokens = new Set<number>()
  isHeld = false
  losses = 0
  readonly #session: Session
  #isStopped = false

  constructor(session: Session, name: string) {
    this.#session = session
    this.name = name
    void this.#keep()
  }

  stop(): void {
    this.#isStopped = true
  }

  async #keep(): Promise<void> {
    while (!this.#isStopped) {
      const hold = this.#session.acquire({
        ...{ namespace: 'default', name: this.name, holderIdentity: 'keeper', leaseDurationMs },
      })
      try {
        await hold.whenHeld()
      } catch (error) {
        if (error instanceof LeaseLostError) continue
        throw error
      }
      this.tokens.add(hold.fencingToken)
      this.isHeld = true
      await new Promise(resolve => hold.signal.addEventListener('abort', resolve))
      this.isHeld = false
      this.losses++
    }
  }
}

/** Every change from now on, as it comes. */
function watch(client: LeaseholdClient): LeaseChange[] {
  const changes: LeaseChange[] = []
  const collect = async (): Promise<void> => {
    for await (const event of client.watch()) if ('lease' in event) changes.push(event)
  }
  void collect()
  return changes
}
