import { connect as connectNats } from 'nats'
import type { BenchCase } from '../harness/bench-case.js'
import { Latencies } from '../harness/latencies.js'
import { Meter } from '../harness/measured-process.js'
import { settled } from '../harness/settled.js'
import { HoldCalls } from '../load/hold-calls.js'
import { pace } from '../load/pace.js'
import { Streams } from '../load/renewal-stream.js'

/** Events that are not there so long after the last answer are given up. */
const longestWaitMs = 10_000

/** What V8 has not compiled yet is slow, and what waits for it then would wait for seconds. */
const warmUpSeconds = { full: 5, short: 5, smoke: 0.2 }

/** When each of many things happened; 0: it did not. */
type Times = Float64Array

/** From one time to the other; what came before that took no time. */
function between(from: Times, to: Times): Latencies {
  const latencies = new Latencies()
  for (const [index, ms] of to.entries()) if (ms > 0) latencies.add(Math.max(0, ms - (from[index] ?? 0)))
  return latencies
}

export const events: BenchCase = {
  name: 'events',
  about:
    'Acquires and releases at 10,000 transitions/s, each told to a plain subscriber of NATS: from the answer, which says ' +
    'that it is durable, to the event. Measured when all three processes have done the same for a few seconds.',
  async run(context) {
    const seconds = context.scaled({ full: 20, short: 8, smoke: 1 })
    const pairsPerSecond = context.scaled({ full: 5_000, short: 5_000, smoke: 100 })
    const nats = await context.startNats()
    const coordinator = await context.startCoordinator({ natsUrl: nats.url })
    const streams = await Streams.open(
      coordinator.address,
      context.scaled({ full: 50, short: 50, smoke: 2 }),
      async (client, index) => new HoldCalls(client, index),
    )
    context.defer(() => streams.close())
    const streamOf = (pair: number): HoldCalls => streams.all[pair % streams.all.length] as HoldCalls

    // By pair: its acquire at 2 i, its release after it. Each pair has a lease of its own.
    const count = 2 * pairsPerSecond * seconds
    const [due, answered, told] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)]
    let arrived = 0
    let repeated = 0
    let onAll: () => void = () => {}
    const all = new Promise<void>(resolve => {
      onAll = resolve
    })
    const subscriber = await connectNats({ servers: nats.url })
    context.defer(() => subscriber.close())
    subscriber.subscribe('leases.bench.>', {
      callback(_, { subject }) {
        const [, , type, name = ''] = subject.split('.')
        if (!name.startsWith('job-')) return
        const index = 2 * Number(name.slice('job-'.length)) + (type === 'released' ? 1 : 0)
        if (told[index] !== 0) repeated++
        told[index] = performance.now()
        if (++arrived === count) onAll()
      },
    })
    await subscriber.flush()
    await pace({ perSecond: pairsPerSecond, seconds: context.scaled(warmUpSeconds) }, async (_, pair) => {
      const stream = streamOf(pair)
      const { handle } = await stream.acquire(`warm-${pair}`)
      await stream.release(handle)
    })
    await settled(coordinator)

    const [meter, load, broker] = [new Meter(coordinator), new Meter(), new Meter(nats)]
    const startMs = performance.now()
    await pace({ perSecond: pairsPerSecond, seconds }, async (dueMs, pair) => {
      const stream = streamOf(pair)
      due[2 * pair] = dueMs
      const { handle } = await stream.acquire(`job-${pair}`)
      answered[2 * pair] = performance.now()
      due[2 * pair + 1] = performance.now()
      await stream.release(handle)
      answered[2 * pair + 1] = performance.now()
    })
    const tookSeconds = (performance.now() - startMs) / 1e3
    const timer = setTimeout(() => onAll(), longestWaitMs)
    await all
    clearTimeout(timer)

    const [fromAnswer, fromDue, answers] = [between(answered, told), between(due, told), between(due, answered)]
    const transitionsPerSecond = count / tookSeconds
    const { p99Ms } = fromAnswer.figures()
    return {
      measurements: [
        {
          load: 'answer to event',
          subject: 'leasehold',
          figures: { transitionsPerSecond, ...fromAnswer.figures(), ...meter.figures(count) },
        },
        {
          load: 'request due to event',
          subject: 'nats-server',
          figures: { transitionsPerSecond, ...fromDue.figures(), ...broker.figures(count) },
        },
        {
          load: 'request due to answer',
          subject: 'the load',
          figures: { transitionsPerSecond, ...answers.figures(), ...load.figures(count) },
        },
      ],
      aims: [
        {
          aim: `p99 from the commit to the subscriber under 10 ms at ${(2 * pairsPerSecond).toLocaleString('en')} transitions/s`,
          reached: `${p99Ms.toFixed(1)} ms at ${Math.round(transitionsPerSecond).toLocaleString('en')}/s`,
          isMet: p99Ms < 10 && transitionsPerSecond > 2 * pairsPerSecond * 0.97,
        },
        {
          aim: 'each event once, and in time',
          reached: `${count - arrived + repeated} missing, ${repeated} twice`,
          isMet: arrived === count && repeated === 0,
        },
      ],
    }
  },
}
