import test from 'ava'
import fc from 'fast-check'
import { AddressList } from '../../client/address-list.js'
import type { Hold } from '../../client/hold.js'
import { Session } from '../../client/session.js'
import { StepClock } from '../../client/step-clock.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { seededRandom } from '../support/virtual-random.js'
import { ModelCoordinator, type ModelStream } from './model-coordinator.js'

/** A process that wants the lease again and again, on a machine with a clock of its own. */
class Contender {
  readonly clock = new VirtualClock()
  readonly #session: Session
  readonly #identity: string
  hold: Hold

  constructor(coordinator: ModelCoordinator, identity: string, seed: number) {
    this.#identity = identity
    const random = seededRandom(seed)
    this.#session = new Session({
      addresses: new AddressList(['one:1'], () => coordinator.connect(), random),
      clock: this.clock,
      time: new StepClock(this.clock),
      random,
      instance: Buffer.from(random.bytes(16)).toString('hex'),
    })
    this.hold = this.#acquire()
  }

  #acquire(): Hold {
    const options = { namespace: 'default', name: 'db', holderIdentity: this.#identity, leaseDurationMs: 5_000 }
    return this.#session.acquire(options)
  }

  acquireAnew(): void {
    if (this.hold.state === 'lost') this.hold = this.#acquire()
  }
}

type Step =
  | { type: 'pass'; ms: number; how: readonly ('advance' | 'block' | 'suspend')[] }
  | { type: 'take' | 'respond' | 'break'; stream: number }
  | { type: 'release' | 'acquire' | 'pause'; contender: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('pass' as const),
        ms: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 1_500 }) }, fc.integer({ min: 1, max: 6_000 })),
        how: fc.array(fc.constantFrom('advance', 'advance', 'advance', 'block', 'suspend'), {
          minLength: 3,
          maxLength: 3,
        }),
      }),
    },
    {
      weight: 10,
      arbitrary: fc.record({ type: fc.constantFrom('take', 'take', 'respond', 'respond'), stream: fc.nat(7) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('break' as const), stream: fc.nat(7) }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constantFrom('release', 'acquire', 'acquire', 'pause'), contender: fc.nat(2) }),
    },
  ),
  { minLength: 20, maxLength: 200 },
)

/** Whether a step on this stream does something. */
function hasWork(stream: ModelStream, type: 'take' | 'respond' | 'break'): boolean {
  if (type === 'break') return !stream.isOver
  return type === 'take' ? stream.requests.length > 0 : stream.responses.length > 0
}

/** Plays the steps against three contenders, looks at the rule after each, and hands the world back. */
function play(played: readonly Step[], seed: number) {
  const coordinator = new ModelCoordinator()
  const contenders = ['a', 'b', 'c'].map((identity, index) => new Contender(coordinator, identity, seed + index))
  let mostHeld = 0
  for (const step of played) {
    if (step.type === 'pass') {
      // Each machine's clock goes on by the same time: running, blocked, or asleep.
      for (const [index, { clock }] of contenders.entries()) clock[step.how[index] ?? 'advance'](step.ms)
      coordinator.pass(step.ms)
    } else if ('contender' in step) {
      const contender = contenders[step.contender]
      if (step.type === 'release') void contender?.hold.release()
      else if (step.type === 'pause') contender?.hold.setRenewing(false)
      else contender?.acquireAnew()
    } else {
      const streams = coordinator.streams.filter(stream => hasWork(stream, step.type))
      const stream = streams[step.stream % streams.length]
      if (stream === undefined) continue
      if (step.type === 'take') coordinator.take(stream)
      else if (step.type === 'respond') stream.respond()
      else stream.break()
    }
    const holding = contenders.filter(({ hold }) => hold.isHeld())
    mostHeld = Math.max(mostHeld, holding.length)
    for (const { hold } of holding) {
      const { tenancy } = coordinator
      if (tenancy === undefined) throw new Error('held, but not to the coordinator')
      if (tenancy.token !== hold.fencingToken) throw new Error('held under a token that is not the present one')
      if (coordinator.nowMs + hold.remainingMs() > tenancy.deadlineMs) throw new Error('held past the deadline')
    }
    if (holding.length > 1) throw new Error('two hold the lease')
  }
  return { coordinator, contenders, mostHeld }
}

test('whatever is late, lost, asleep or reordered: at most one holds, under the present token, within the deadline', t => {
  let runs = 0
  let withHolder = 0
  fc.assert(
    fc.property(steps, fc.nat(1_000), (played, seed) => {
      runs++
      withHolder += play(played, seed).mostHeld
    }),
    { numRuns: 500 },
  )
  // A property about holders says something only where there are some.
  t.true(withHolder > runs / 10, `${withHolder} of ${runs}`)
})

test('whatever happened before, once messages flow somebody holds the lease', t => {
  fc.assert(
    fc.property(steps, fc.nat(1_000), (played, seed) => {
      const { coordinator, contenders } = play(played, seed)
      for (let ms = 0; ms < 30_000; ms += 50) {
        for (const contender of contenders) {
          contender.hold.setRenewing(true)
          contender.acquireAnew()
          contender.clock.advance(50)
        }
        coordinator.pass(50)
        for (const stream of coordinator.streams) {
          while (stream.requests.length > 0) coordinator.take(stream)
          while (stream.responses.length > 0) stream.respond()
        }
      }
      return contenders.filter(({ hold }) => hold.isHeld()).length === 1
    }),
    { numRuns: 50 },
  )
  t.pass()
})
