import { negotiateStream } from '../../../services/coordinator/kubernetes/negotiation.js'
import { objectOfProtobuf } from '../../../services/coordinator/kubernetes/protobuf/objects.js'
import { create, decided, type Event, relabel, test, watch } from './watch-fixture.js'

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const partial = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
const protobuf = 'application/vnd.kubernetes.protobuf'

/** The rows of the table in an event. */
const rowsOf = (event: Event | undefined): readonly Row[] =>
  // Tests look at tables alone with it.
  (event?.object.rows ?? []) as Row[]

interface Row {
  readonly cells: readonly string[]
  readonly object?: { readonly kind: string; readonly metadata: object; readonly spec?: object }
}

test('a watch of tables has one row an event, and columns in the first alone', async t => {
  const begun = await watch(t, '', table)
  const { revision } = await create(t.context, 'a')
  await relabel(t.context, 'a', { x: 'y' })
  const [first, second] = begun.events
  t.like(first, { type: 'ADDED', object: { kind: 'Table', metadata: { resourceVersion: String(revision) } } })
  t.true(Array.isArray(first?.object.columnDefinitions))
  t.is(second?.type, 'MODIFIED')
  t.deepEqual(second?.object.columnDefinitions, [])
  const [row, ...others] = rowsOf(second)
  t.deepEqual(others, [])
  t.is(row?.cells[0], 'a')
  t.like(row?.object, { kind: 'PartialObjectMetadata', metadata: { name: 'a', labels: { x: 'y' } } })
  begun.hangUp()
})

test('the rows of tables have the object that was asked for', async t => {
  const whole = await watch(t, 'includeObject=Object', table)
  const none = await watch(t, 'includeObject=None', table)
  await create(t.context, 'a')
  t.like(rowsOf(whole.events[0])[0]?.object, { kind: 'Lease', metadata: { name: 'a' } })
  t.is(rowsOf(none.events[0])[0]?.object, undefined)
  whole.hangUp()
  none.hangUp()
})

test('a bookmark in a watch of tables is a row about no lease', async t => {
  const { revision } = await create(t.context, 'a')
  const begun = await watch(t, 'allowWatchBookmarks=true', table)
  const [added, bookmark] = begun.events
  t.is(bookmark?.type, 'BOOKMARK')
  t.like(bookmark?.object, { kind: 'Table', metadata: { resourceVersion: String(revision) } })
  const [row] = rowsOf(bookmark)
  t.is(row?.cells.length, rowsOf(added)[0]?.cells.length)
  t.deepEqual([...new Set(row?.cells)].sort(), ['', '<unknown>'])
  t.deepEqual(row?.object as object, {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: String(revision), annotations: { 'k8s.io/initial-events-end': 'true' } },
  })
  begun.hangUp()
})

test('an error is a Status in whatever form', async t => {
  for (const accept of [table, partial]) {
    const begun = await watch(t, `resourceVersion=${Number.MAX_SAFE_INTEGER}`, accept)
    t.like(begun.events[0], { type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', code: 504 } })
    t.is(begun.events.length, 1)
  }
})

test('a watch of metadata has nothing else', async t => {
  await create(t.context, 'a')
  const begun = await watch(t, 'allowWatchBookmarks=true', partial)
  t.deepEqual(begun.told, ['ADDED a', 'BOOKMARK'])
  for (const { object } of begun.events) {
    t.like(object, { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' })
    t.false('spec' in object)
  }
  begun.hangUp()
})

/** The events in protobuf frames: the type, and the object with its envelope. */
function protobufEvents(bytes: Buffer): { type: string; object: object }[] {
  const events: { type: string; object: object }[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    const [type, extension] = fields(bytes.subarray(at + 4, end))
    const [raw] = fields(extension ?? Buffer.alloc(0))
    events.push({ type: String(type), object: objectOfProtobuf(raw ?? Buffer.alloc(0)) })
    at = end
  }
  return events
}

/** The fields of a message that has nothing but fields of bytes, numbered from 1. */
function fields(message: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < message.length; ) {
    const tag = message[at++] ?? 0
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] ?? 0
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    found[(tag >> 3) - 1] = message.subarray(at, at + length)
    at += length
  }
  return found
}

test('a watch in protobuf has frames with their length before them', async t => {
  t.is(negotiateStream(protobuf).contentType, `${protobuf};stream=watch`)
  const { revision } = await create(t.context, 'a', { long: 'x'.repeat(60) })
  const begun = await watch(t, 'allowWatchBookmarks=true', protobuf)
  await relabel(t.context, 'a', {})
  const events = protobufEvents(begun.bytes)
  t.deepEqual(
    events.map(({ type }) => type),
    ['ADDED', 'BOOKMARK', 'MODIFIED'],
  )
  t.like(events[0]?.object, { kind: 'Lease', metadata: { name: 'a', resourceVersion: String(revision) } })
  t.like(events[1]?.object, {
    kind: 'Lease',
    metadata: { resourceVersion: String(revision), annotations: { 'k8s.io/initial-events-end': 'true' } },
  })
  begun.hangUp()
  const refused = await watch(t, `resourceVersion=${Number.MAX_SAFE_INTEGER}`, protobuf)
  t.like(protobufEvents(refused.bytes)[0], { type: 'ERROR', object: { kind: 'Status', code: 504 } })
})

test('many events go out together, in pieces that are not too large', async t => {
  const { world } = t.context
  const annotations = { a: 'x'.repeat(30_000) }
  const names = ['a', 'b', 'c', 'd', 'e']
  const creations = names.map(name =>
    world.ask(`create ${name}`, 'write', ({ core }, time) =>
      core.create({ namespace: 'test', name, changes: { annotations } }, time),
    ),
  )
  await decided(t.context, Promise.all(creations))
  const begun = await watch(t, '')
  t.deepEqual(
    begun.told,
    names.map(name => `ADDED ${name}`),
  )
  t.true(begun.chunks.length > 1)
  for (const { length } of begun.chunks) t.true(length < 100_000)
  begun.hangUp()
})
