import test, { type ExecutionContext } from 'ava'
import { connect, DiscardPolicy, headers, type NatsConnection, nanos } from 'nats'
import { systemRandom, uuid } from '../../../clock/random.js'
import { systemClock } from '../../../clock/system-clock.js'
import { streamSubjects } from '../../../services/coordinator/feed/cloud-event.js'
import { NatsPublisher, type NatsPublisherOptions } from '../../../services/coordinator/feed/nats-publisher.js'
import { Outbox } from '../../../services/coordinator/feed/outbox.js'
import { JournalFenced } from '../../../services/coordinator/journal/journal.js'
import { NatsServer } from '../../support/nats.js'
import { until } from '../../support/until.js'
import { image, transition, transitions } from './samples.js'

/** A publisher on a real server, with its outbox and what it told. */
class Subject {
  readonly outbox: Outbox
  readonly journalId: string
  readonly publisher: NatsPublisher
  readonly logged: string[] = []
  readonly publishedThrough: number[] = []

  constructor(t: ExecutionContext, url: string, options: Partial<NatsPublisherOptions> = {}) {
    this.outbox = options.outbox ?? new Outbox()
    this.journalId = options.journalId ?? uuid(systemRandom)
    const note = (fields: object, message: string): void =>
      void this.logged.push(`${message} ${JSON.stringify(fields)}`)
    this.publisher = new NatsPublisher({
      url,
      journalId: this.journalId,
      outbox: this.outbox,
      clock: systemClock,
      random: systemRandom,
      log: { info: note, warn: note },
      renewedEvents: false,
      onPublished: revision => void this.publishedThrough.push(revision),
      ...options,
    })
    t.teardown(() => this.publisher.close(0))
  }

  add(fromRevision: number, throughRevision: number): void {
    for (const each of transitions(fromRevision, throughRevision)) this.outbox.add(each, systemClock.monotonicMs())
    this.publisher.notify()
  }

  async drained(): Promise<void> {
    await until(() => this.outbox.isEmpty)
  }

  ids(fromRevision: number, throughRevision: number): string[] {
    return transitions(fromRevision, throughRevision).map(({ lease }) => `${this.journalId}.${lease.revision}`)
  }
}

async function server(t: ExecutionContext, ...options: Parameters<typeof NatsServer.start>): Promise<NatsServer> {
  const nats = await NatsServer.prepare(...options)
  t.teardown(() => nats.remove())
  await nats.start()
  return nats
}

async function client(t: ExecutionContext, nats: NatsServer): Promise<NatsConnection> {
  const connection = await connect({ servers: nats.url, reconnect: false })
  t.teardown(() => connection.close())
  return connection
}

/** The ids of what the stream keeps, in its order; '' for a message without one. */
async function streamed(t: ExecutionContext, nats: NatsServer): Promise<string[]> {
  const connection = await client(t, nats)
  const { state } = await (await connection.jetstreamManager()).streams.info('LEASE_EVENTS')
  const ids: string[] = []
  if (state.messages === 0) return ids
  const consumer = await connection.jetstream().consumers.get('LEASE_EVENTS')
  for await (const message of await consumer.consume()) {
    ids.push(message.headers?.get('Nats-Msg-Id') ?? '')
    if (message.info.pending === 0) break
  }
  return ids
}

/** What core subscribers hear, as `subject id`. */
async function listen(t: ExecutionContext, nats: NatsServer, subject: string): Promise<string[]> {
  const connection = await client(t, nats)
  const heard: string[] = []
  connection.subscribe(subject, {
    callback: (_, message) => void heard.push(`${message.subject} ${message.headers?.get('ce-id')}`),
  })
  await connection.flush()
  return heard
}

test('transitions are in the stream once and in order, and then leave the outbox', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  subject.add(1, 1_000)
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 1_000))
  await until(() => subject.publishedThrough.at(-1) === 1_000)
  t.is(subject.publisher.published, 1_000)
  t.is(subject.publisher.lagMs, 0)
})

test('while leases have no time for events, they go out in a slice once in a while, in order', async t => {
  const nats = await server(t)
  let isPressed = true
  const subject = new Subject(t, nats.url, { isPressed: () => isPressed })
  await until(() => subject.publisher.isConnected)
  const startMs = performance.now()
  subject.add(1, 1_000)
  await subject.drained()
  // 16 slices, with a pause of 10 ms before each.
  t.true(performance.now() - startMs > 150)
  isPressed = false
  subject.add(1_001, 2_000)
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 2_000))
})

test('nats-server is killed and started again, mid-stream: every id is there once and in order', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  for (let round = 0; round < 4; round += 1) {
    const through = (round + 1) * 2_000
    subject.add(through - 1_999, through)
    await until(() => subject.publisher.published > through - 1_900)
    await nats.kill()
    await nats.start()
  }
  subject.add(8_001, 8_010)
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 8_010))
})

test('nats-server hangs for longer than acknowledgements are waited for: every id is there once and in order', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  subject.add(1, 3_000)
  await until(() => subject.publisher.published > 1_000)
  nats.signal('SIGSTOP')
  await until(() => !subject.publisher.isConnected)
  nats.signal('SIGCONT')
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 3_000))
})

test('who no longer has the journal publishes nothing, with JetStream and without', async t => {
  for (const jetStream of [true, false]) {
    const nats = await server(t, { jetStream })
    let isOwner = false
    const checkOwner = async (): Promise<void> => {
      if (!isOwner) throw new JournalFenced('another has the journal')
    }
    const subject = new Subject(t, nats.url, { checkOwner })
    const heard = await listen(t, nats, 'leases.>')
    subject.add(1, 3)
    await until(() => subject.logged.some(line => line.includes('another has the journal')))
    t.is(subject.outbox.size, 3)
    t.deepEqual(heard, [])
    isOwner = true
    await subject.drained()
    await until(() => heard.length === 3)
  }
})

test('a start after a crash doubles nothing, also past the de-duplication window', async t => {
  const nats = await server(t)
  const connection = await client(t, nats)
  const manager = await connection.jetstreamManager()
  await manager.streams.add({ name: 'LEASE_EVENTS', subjects: [...streamSubjects], duplicate_window: nanos(100) })
  const before = new Subject(t, nats.url)
  before.add(1, 500)
  await before.drained()
  const endMs = performance.now()
  await before.publisher.close()
  await until(() => performance.now() > endMs + 500)

  const after = new Subject(t, nats.url, { journalId: before.journalId })
  after.add(1, 600)
  await after.drained()
  t.deepEqual(await streamed(t, nats), after.ids(1, 600))
  const { config } = await manager.streams.info('LEASE_EVENTS')
  t.is(config.duplicate_window, nanos(100), 'what an operator configured stays')
})

test("another publisher's messages in between cost no transition and no order", async t => {
  const nats = await server(t)
  const connection = await client(t, nats)
  const subject = new Subject(t, nats.url)
  subject.add(1, 1)
  await subject.drained()
  let others = 0
  for (let round = 0; round < 20; round += 1) {
    const through = 1 + (round + 1) * 300
    subject.add(through - 299, through)
    await until(() => subject.publisher.published > through - 290 || subject.outbox.isEmpty)
    for (let count = 0; count < 3; count += 1) {
      const messageHeaders = headers()
      if (count === 1) messageHeaders.set('Nats-Msg-Id', `other.${round}`)
      connection.publish('leases.other.created.other', '{}', { headers: messageHeaders })
      others += 1
    }
    await connection.flush()
  }
  await subject.drained()
  const ids = await streamed(t, nats)
  t.deepEqual(
    ids.filter(id => id.startsWith(subject.journalId)),
    subject.ids(1, 6_001),
  )
  t.is(ids.length, 6_001 + others)
})

test("a new journal begins with its outbox, after another journal's messages", async t => {
  const nats = await server(t)
  const first = new Subject(t, nats.url)
  first.add(1, 20)
  await first.drained()
  await first.publisher.close()
  const second = new Subject(t, nats.url)
  second.add(5, 10)
  await second.drained()
  t.deepEqual(await streamed(t, nats), [...first.ids(1, 20), ...second.ids(5, 10)])
})

test('a stream that is deleted is made again and goes on from the outbox', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  subject.add(1, 20)
  await subject.drained()
  const manager = await (await client(t, nats)).jetstreamManager()
  await manager.streams.delete('LEASE_EVENTS')
  subject.add(21, 40)
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(21, 40))
})

test('a stream that is purged goes on from the outbox', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  subject.add(1, 20)
  await subject.drained()
  const manager = await (await client(t, nats)).jetstreamManager()
  await manager.streams.purge('LEASE_EVENTS')
  subject.add(21, 40)
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(21, 40))
})

test('a start finds its last message behind one that was deleted', async t => {
  const nats = await server(t)
  const before = new Subject(t, nats.url)
  before.add(1, 20)
  await before.drained()
  await before.publisher.close()
  const manager = await (await client(t, nats)).jetstreamManager()
  await manager.streams.deleteMessage('LEASE_EVENTS', 20)
  const after = new Subject(t, nats.url, { journalId: before.journalId })
  after.add(20, 30)
  await after.drained()
  t.is(after.publisher.published, 11)
  t.deepEqual((await streamed(t, nats)).slice(0, 19), after.ids(1, 19))
})

test('renewals that an operator lets the stream keep do not count as transitions', async t => {
  const nats = await server(t)
  const connection = await client(t, nats)
  const journalId = uuid(systemRandom)
  const { streams } = await connection.jetstreamManager()
  await streams.add({ name: 'LEASE_EVENTS', subjects: [...streamSubjects, 'leases.*.renewed.>'] })
  const outbox = new Outbox()
  for (const each of transitions(1, 10)) outbox.add(each, systemClock.monotonicMs())
  const renewed = headers()
  renewed.set('Nats-Msg-Id', `${journalId}.11`)
  await connection.jetstream().publish('leases.sim.renewed.a', '{}', { headers: renewed })
  const subject = new Subject(t, nats.url, { journalId, outbox })
  await subject.drained()
  t.deepEqual(await streamed(t, nats), [`${journalId}.11`, ...subject.ids(1, 10)])
})

test('NATS is away at the start: transitions wait, and arrive when it comes', async t => {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  const subject = new Subject(t, nats.url)
  subject.add(1, 100)
  await until(() => subject.logged.length > 0)
  t.false(subject.publisher.isConnected)
  t.is(subject.publisher.outboxSize, 100)
  t.true(subject.publisher.lagMs > 0)
  await nats.start()
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 100))
  t.is(subject.logged.filter(line => line.includes('events wait')).length, 1, 'said once, not at every try')
})

test('beyond the limit of the outbox one gap names what was given up', async t => {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  const subject = new Subject(t, nats.url, { outbox: new Outbox(10) })
  subject.add(1, 100)
  await nats.start()
  await subject.drained()
  t.deepEqual(await streamed(t, nats), [`${subject.journalId}.90.gap`, ...subject.ids(91, 100)])
  const connection = await client(t, nats)
  const manager = await connection.jetstreamManager()
  const gap = await manager.streams.getMessage('LEASE_EVENTS', { seq: 1 })
  t.is(gap.subject, 'leases._gap')
  t.deepEqual(gap.json(), { fromRevision: '1', throughRevision: '90' })
  await until(() => subject.publishedThrough.at(-1) === 100)
})

test('without JetStream transitions go out on core NATS, in order, and the log says it once', async t => {
  const nats = await server(t, { jetStream: false })
  const heard = await listen(t, nats, 'leases.>')
  const subject = new Subject(t, nats.url)
  subject.add(1, 600)
  await subject.drained()
  await until(() => heard.length === 600)
  t.deepEqual(
    heard.map(line => line.split(' ')[1]),
    subject.ids(1, 600),
  )
  await nats.kill()
  await nats.start()
  subject.add(601, 610)
  await subject.drained()
  t.is(subject.logged.filter(line => line.includes('no JetStream')).length, 1)
  t.false(subject.publisher.isJetStream)
})

test('renewed goes out on core NATS only, and never into the stream', async t => {
  const nats = await server(t)
  const heard = await listen(t, nats, 'leases.*.renewed.>')
  const subject = new Subject(t, nats.url, { renewedEvents: true })
  subject.add(1, 1)
  await subject.drained()
  subject.publisher.renewed([image(1, { revision: 2 }), image(1, { revision: 3, name: 'ip-10.ec2' })])
  await until(() => heard.length === 2)
  t.deepEqual(heard, [
    `leases.kube-system.renewed.kube-scheduler ${subject.journalId}.2`,
    `leases.kube-system.renewed.ip-10.ec2 ${subject.journalId}.3`,
  ])
  t.deepEqual(await streamed(t, nats), subject.ids(1, 1))
})

test('renewed is off unless asked for', async t => {
  const nats = await server(t)
  const heard = await listen(t, nats, 'leases.>')
  const subject = new Subject(t, nats.url)
  subject.add(1, 1)
  await subject.drained()
  subject.publisher.renewed([image(1, { revision: 2 })])
  subject.add(3, 3)
  await until(() => heard.length === 2)
  t.deepEqual(
    heard.map(line => line.split(' ')[1]),
    [`${subject.journalId}.1`, `${subject.journalId}.3`],
  )
})

test('renewals are dropped and counted while NATS is away, or takes them too slowly', async t => {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  const subject = new Subject(t, nats.url, { renewedEvents: true })
  subject.publisher.renewed([image(1), image(2)])
  t.is(subject.publisher.renewedDropped, 2)
  await nats.start()
  await until(() => subject.publisher.isConnected)
  const many = Array.from({ length: 20_000 }, (_, index) => image(index + 1))
  subject.publisher.renewed(many)
  t.true(subject.publisher.renewedDropped > 2)
  t.is(subject.publisher.renewedDropped + subject.publisher.renewedSent, many.length + 2)
})

test('a transition that is too large for the server goes out abridged', async t => {
  const nats = await server(t, { configuration: 'max_payload: 4096' })
  const subject = new Subject(t, nats.url)
  subject.outbox.add(transition(1, { annotations: { note: 'x'.repeat(10_000) } }), 0)
  subject.add(2, 3)
  await subject.drained()
  const manager = await (await client(t, nats)).jetstreamManager()
  const message = await manager.streams.getMessage('LEASE_EVENTS', { seq: 1 })
  t.like(message.json(), { abridged: true, revision: '1', metadata: { name: 'kube-scheduler' } })
})

test('a transition that is too large for the stream goes out abridged', async t => {
  const nats = await server(t)
  const manager = await (await client(t, nats)).jetstreamManager()
  await manager.streams.add({ name: 'LEASE_EVENTS', subjects: ['leases._gap'], max_msg_size: 4_096 })
  const subject = new Subject(t, nats.url)
  const large = (revision: number) => transition(revision, { annotations: { note: 'x'.repeat(10_000) } })
  subject.outbox.add(large(1), 0)
  for (const each of transitions(2, 20)) subject.outbox.add(each, 0)
  subject.outbox.add(large(21), 0)
  subject.add(22, 30)
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 30))
  const { config } = await manager.streams.info('LEASE_EVENTS')
  t.deepEqual([...config.subjects].sort(), [...streamSubjects].sort(), 'the subjects that were missing are added')
})

test('a close publishes what is left', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  await until(() => subject.publisher.isConnected)
  subject.add(1, 500)
  await subject.publisher.close(30_000)
  t.true(subject.outbox.isEmpty)
  t.deepEqual(subject.publishedThrough.at(-1), 500)
})

test('a close is bounded when NATS hangs, and when it is away', async t => {
  const nats = await server(t)
  const subject = new Subject(t, nats.url)
  subject.add(1, 1)
  await subject.drained()
  nats.signal('SIGSTOP')
  subject.add(2, 300)
  await subject.publisher.close(200)
  t.is(subject.outbox.size, 299)
  const away = new Subject(t, nats.url)
  await away.publisher.close(200)
  nats.signal('SIGCONT')
  t.pass()
})

test('a stream that cannot be made is said once, and transitions wait until it can', async t => {
  const nats = await server(t)
  const manager = await (await client(t, nats)).jetstreamManager()
  await manager.streams.add({ name: 'OTHER', subjects: ['leases.>'] })
  const subject = new Subject(t, nats.url)
  subject.add(1, 10)
  await until(() => subject.publisher.failures > 3)
  t.is(subject.outbox.size, 10)
  t.is(subject.logged.length, 1, subject.logged.join('\n'))
  await manager.streams.delete('OTHER')
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 10))
})

test('a stream that is full and refuses more keeps the outbox waiting, until it takes more', async t => {
  const nats = await server(t)
  const manager = await (await client(t, nats)).jetstreamManager()
  const subjects = [...streamSubjects]
  await manager.streams.add({ name: 'LEASE_EVENTS', subjects, max_msgs: 100, discard: DiscardPolicy.New })
  const subject = new Subject(t, nats.url)
  subject.add(1, 150)
  await until(() => subject.publisher.failures > 3)
  t.is(subject.outbox.size, 50)
  t.is(subject.logged.filter(line => line.includes('events wait')).length, 1)
  await manager.streams.update('LEASE_EVENTS', { max_msgs: 1_000 })
  await subject.drained()
  t.deepEqual(await streamed(t, nats), subject.ids(1, 150))
})
