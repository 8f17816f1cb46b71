import test, { type ExecutionContext } from 'ava'
import { connect, type NatsConnection } from 'nats'
import { systemClock } from '../../../clock/system-clock.js'
import { EventStream } from '../../../services/coordinator/feed/event-stream.js'
import { JetStreamPipeline } from '../../../services/coordinator/feed/jetstream-pipeline.js'
import { Outbox } from '../../../services/coordinator/feed/outbox.js'
import { NatsServer } from '../../support/nats.js'
import { until } from '../../support/until.js'
import { transition, transitions } from './samples.js'

/** A pipeline on a real server, and what was acknowledged. */
async function open(t: ExecutionContext, outbox: Outbox) {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  await nats.start()
  const connection: NatsConnection = await connect({ servers: nats.url, reconnect: false })
  t.teardown(() => connection.close())
  const stream = await EventStream.open(connection)
  const acknowledged: number[] = []
  const pipeline = new JetStreamPipeline({
    connection,
    clock: systemClock,
    journalId: 'journal',
    outbox,
    end: (await stream?.findEnd('journal')) ?? { lastSequence: 0, lastRevision: undefined },
    tooLarge: new Set(),
    onAck(throughRevision) {
      acknowledged.push(throughRevision)
      outbox.publishedThrough(throughRevision)
    },
  })
  t.teardown(() => pipeline.stop('the test is over'))
  return { pipeline, acknowledged }
}

function filled(throughRevision: number): Outbox {
  const outbox = new Outbox()
  for (const each of transitions(1, throughRevision)) outbox.add(each, 0)
  return outbox
}

test('messages go out in slices, and the first of all and the last of each slice ask for an acknowledgement', async t => {
  const outbox = filled(100)
  const { pipeline, acknowledged } = await open(t, outbox)
  t.true(pipeline.pump(), 'there is more')
  t.is(pipeline.inFlight, 64)
  t.false(pipeline.pump(), 'that was all')
  t.is(pipeline.inFlight, 100)
  await until(() => outbox.isEmpty)
  t.deepEqual(acknowledged, [1, 64, 100])
  t.is(pipeline.inFlight, 0)
})

test('no more than 512 messages are in flight, and an acknowledgement makes room for more', async t => {
  const outbox = filled(600)
  const { pipeline } = await open(t, outbox)
  let slices = 1
  while (pipeline.pump()) slices++
  t.is(slices, 8)
  t.is(pipeline.inFlight, 512)
  t.false(pipeline.pump())
  await until(() => pipeline.inFlight === 0)
  t.true(pipeline.pump())
  t.false(pipeline.pump())
  await until(() => outbox.isEmpty)
})

test('of large messages fewer are in a slice', async t => {
  const outbox = new Outbox()
  for (let revision = 1; revision <= 10; revision++) {
    outbox.add(transition(revision, { annotations: { note: 'x'.repeat(100_000) } }), 0)
  }
  const { pipeline, acknowledged } = await open(t, outbox)
  t.true(pipeline.pump())
  t.is(pipeline.inFlight, 2)
  while (pipeline.pump());
  await until(() => outbox.isEmpty)
  t.deepEqual(acknowledged, [1, 2, 4, 6, 8, 10])
})
