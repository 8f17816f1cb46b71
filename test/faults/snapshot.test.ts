import { isDeepStrictEqual } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { systemRandom } from '../../clock/random.js'
import { openJournal } from '../../services/coordinator/journal/open-journal.js'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { listAll } from '../support/list-all.js'
import { acquire, RawHold } from '../support/raw-hold.js'

const sessionCount = 4
const leasesPerSession = 25_000
const chunk = 1_000
const snapshotsUnderLoad = 2

const title =
  'rules 2, 7: snapshots of 100,000 leases under load do not hold renewals up, what they replace is trimmed, and a start ' +
  'after kill -9 has every lease as it was'

test.serial(title, async t => {
  const coordinator = await CoordinatorProcess.start(t, { flags: ['--snapshot-every', '1'] })
  const sessions = Array.from({ length: sessionCount }, () => openHold(t, coordinator))
  await Promise.all(sessions.map(acquireMany))
  const probe = openHold(t, coordinator)
  await probe.request(acquire({ name: 'probe', holderIdentity: 'probe', leaseDurationMs: 600_000 }))

  const snapshots = () => coordinator.lines.filter(line => line.includes('"msg":"snapshot taken"')).length
  const goal = snapshots() + snapshotsUnderLoad
  let renewals = 0
  const isEnough = () => snapshots() >= goal
  const renewAll = async (session: RawHold): Promise<void> => {
    for (let first = 1; !isEnough(); first = (first + chunk) % leasesPerSession) {
      const handles = Array.from({ length: chunk }, (_, index) => first + index)
      const answer = await session.request({ type: 'renew', handles })
      t.deepEqual(answer.type === 'renewed' ? answer.failures : answer, [])
      renewals += chunk
    }
  }
  const answerTimesMs: number[] = []
  const measure = async (): Promise<void> => {
    while (!isEnough()) {
      const sentAt = performance.now()
      await probe.request({ type: 'renew', handles: 'all' })
      answerTimesMs.push(performance.now() - sentAt)
    }
  }
  await Promise.all([measure(), ...sessions.map(renewAll)])
  answerTimesMs.sort((one, other) => one - other)
  const quantile = (share: number) => answerTimesMs[Math.floor((answerTimesMs.length - 1) * share)] ?? 0
  const figures = [0.5, 0.99, 1].map(share => quantile(share).toFixed(1))
  t.log(`${renewals} renewals in batches of ${chunk}; one alone took ${figures.join(', ')} ms (median, p99, longest)`)
  t.true(quantile(0.99) < 2_000)

  const client = coordinator.client(t)
  const before = await listAll(client)
  t.is(before.length, sessionCount * leasesPerSession + 1)
  await coordinator.kill()
  await coordinator.start()
  t.log(coordinator.runLines.find(line => line.includes('journal read')))
  const after = await listAll(client)
  const differing = before.filter((lease, index) => {
    const { expireTime: _, ...was } = lease
    const { expireTime: __, ...is } = after[index] ?? { expireTime: '' }
    return !isDeepStrictEqual(was, is)
  })
  t.deepEqual(differing.slice(0, 3), [])
  t.is(after.length, before.length)
  await coordinator.stop()

  const journal = await openJournal(`lmdb:${coordinator.directory}`, { random: systemRandom })
  t.teardown(() => journal.close())
  const firstNeeded = journal.readSnapshot()?.sequence ?? 0
  t.true(firstNeeded > 1)
  await t.throwsAsync(
    async () => {
      for await (const _ of journal.read(firstNeeded - 1)) return
    },
    { name: 'JournalCorrupt' },
    'the entries before the snapshot are gone',
  )
})

function openHold(t: ExecutionContext, coordinator: CoordinatorProcess): RawHold {
  const hold = new RawHold(coordinator.address)
  t.teardown(() => hold.close())
  return hold
}

/** Acquires this session's leases, whose handles are 1, 2, 3 and on. */
async function acquireMany(session: RawHold, index: number): Promise<void> {
  for (let first = 0; first < leasesPerSession; first += chunk) {
    const names = Array.from({ length: chunk }, (_, number) => `node-${index}-${first + number}`)
    const answers = names.map(name =>
      session.request(acquire({ namespace: 'nodes', name, holderIdentity: name, leaseDurationMs: 600_000 })),
    )
    for (const answer of await Promise.all(answers)) {
      if (answer.type !== 'acquired') throw new Error(`not acquired: ${JSON.stringify(answer)}`)
    }
  }
}
