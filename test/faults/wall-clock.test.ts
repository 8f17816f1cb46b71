import test from 'ava'
import { temporaryDirectory } from '../support/coordinator-process.js'
import { until } from '../support/until.js'
import { World } from './guarded-set/world.js'
import { Results } from './results.js'
import { fakeWallClock, findLibrary } from './wall-clock/fake-time.js'

const hourMs = 3_600_000
const leaseDurationMs = 1_500
const lease = { namespace: 'default', name: 'keeper' }

const title =
  'rules 3, 4, 5: wall clocks jump by hours, of the coordinator, of holders and of both: no lease is lost by it, nor kept ' +
  'longer, and tokens grow, also over a start in the past'

test.serial(title, async t => {
  const library = findLibrary()
  if (library === undefined) {
    t.log('SKIPPED: libfaketime is needed for a wall clock of its own (on Debian the package libfaketime)')
    t.pass()
    return
  }
  const folder = await temporaryDirectory(t)
  const clocks = {
    coordinator: fakeWallClock(library, folder, 'coordinator'),
    writers: fakeWallClock(library, folder, 'writers'),
  }
  const env = { coordinator: clocks.coordinator.env, writers: clocks.writers.env }
  const world = await World.start(t, { checksTokens: true, leaseDurationMs, sessions: 1, callers: 1, env })
  const client = world.coordinator.client(t)
  const keeper = client.openSession().acquire({ ...lease, holderIdentity: 'keeper', leaseDurationMs: 60_000 })
  await keeper.whenHeld()
  const { fencingToken } = keeper
  const results = new Results('guarded set, wall clocks that jump')

  const aheadMs = async () => Date.parse((await client.get(lease)).expireTime ?? '') - Date.now()
  const writersAheadMs = () => world.writers.map(({ added }) => (added.at(-1)?.wallMs ?? 0) - Date.now())
  const isNear = (ms: number, hours: number) => Math.abs(ms - hours * hourMs) < hourMs / 2
  const jump = async (coordinatorHours: number, writersHours: number) => {
    clocks.coordinator.offset(coordinatorHours)
    clocks.writers.offset(writersHours)
    await Promise.all(world.writers.map(writer => writer.adds()))
    await until(() => writersAheadMs().every(ms => isNear(ms, writersHours)))
    t.true(isNear(await aheadMs(), coordinatorHours))
    results.injected('wall clocks jumped')
  }
  /** A holder stands still while the coordinator's clock jumps: the other waits for its deadline, and no longer. */
  const jumpWhileHeld = async (coordinatorHours: number) => {
    const [holder, other] = world.writers
    if (holder === undefined || other === undefined) throw new Error('there are two writers')
    await holder.stopBeforeWrite()
    clocks.coordinator.offset(coordinatorHours)
    await other.adds()
    holder.signal('SIGCONT')
    results.injected('wall clocks jumped')
    results.injected('writer stopped before its write')
  }

  await jumpWhileHeld(3)
  await jump(5, 0)
  await jumpWhileHeld(-21)
  await jump(-26, 0)
  await jump(-26, 30)
  await jump(9, -9)
  await jump(-50, -50)
  await world.coordinator.kill()
  await world.coordinator.start()
  results.injected('coordinator killed')
  await jump(-50, 1)
  await jump(0, 0)

  await until(() => keeper.state !== 'jeopardy')
  t.is(keeper.state, 'held', String(keeper.error))
  t.is(keeper.fencingToken, fencingToken)
  t.deepEqual(world.set.lost, [])
  results.add(await world.checkHistories(t))
  results.add({ rounds: 1, acknowledged: world.set.acknowledged, refused: world.set.refused, lost: 0 })
  results.write(t)
})
