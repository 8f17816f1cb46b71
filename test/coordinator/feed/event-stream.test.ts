import test, { type ExecutionContext } from 'ava'
import { connect, headers, type NatsConnection } from 'nats'
import { EventStream, streamName } from '../../../services/coordinator/feed/event-stream.js'
import { NatsServer } from '../../support/nats.js'

const journalId = 'journal'

async function client(t: ExecutionContext): Promise<NatsConnection> {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  await nats.start()
  const connection = await connect({ servers: nats.url, reconnect: false })
  t.teardown(() => connection.close())
  return connection
}

async function opened(connection: NatsConnection): Promise<EventStream> {
  const stream = await EventStream.open(connection)
  if (stream === undefined) throw new Error('no JetStream')
  return stream
}

/** Publishes messages of the stream's, and each waits for its place; with an id those of this journal. */
async function publish(connection: NatsConnection, count: number, revision?: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const messageHeaders = headers()
    if (revision !== undefined) messageHeaders.set('Nats-Msg-Id', `${journalId}.${revision + index}`)
    await connection.jetstream().publish('leases.sim.acquired.a', '{}', { headers: messageHeaders })
  }
}

test("a second look at the stream's end reads only what has come since", async t => {
  const connection = await client(t)
  const stream = await opened(connection)
  t.deepEqual(pick(await stream.findEnd(journalId)), [0, undefined])
  await publish(connection, 1, 7)
  await publish(connection, 30)
  let read = 0
  connection.subscribe('$JS.API.STREAM.MSG.GET.>', { callback: () => void read++ })
  t.deepEqual(pick(await stream.findEnd(journalId)), [31, 7])
  await connection.flush()
  t.is(read, 31)
  await publish(connection, 2)
  t.deepEqual(pick(await stream.findEnd(journalId)), [33, 7])
  await connection.flush()
  t.is(read, 33)
  await publish(connection, 2, 8)
  t.deepEqual(pick(await stream.findEnd(journalId)), [35, 9])
})

test('what was found in a stream says nothing of another one that was made in its place', async t => {
  const connection = await client(t)
  const stream = await opened(connection)
  await stream.findEnd(journalId)
  await publish(connection, 3, 7)
  t.deepEqual(pick(await stream.findEnd(journalId)), [3, 9])
  const { streams } = await connection.jetstreamManager()
  const { config } = await streams.info(streamName)
  await streams.delete(streamName)
  await streams.add(config)
  await publish(connection, 5)
  t.deepEqual(pick(await stream.findEnd(journalId)), [5, undefined])
})

const pick = (end: { lastSequence: number; lastRevision: number | undefined }) => [end.lastSequence, end.lastRevision]
