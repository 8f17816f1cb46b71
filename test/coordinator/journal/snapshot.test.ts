import test from 'ava'
import fc from 'fast-check'
import { systemRandom } from '../../../clock/random.js'
import { encodeEntry } from '../../../services/coordinator/journal/entry-codec.js'
import { type Journal, JournalCorrupt, JournalFailed } from '../../../services/coordinator/journal/journal.js'
import { MemoryStore, openMemoryJournal } from '../../../services/coordinator/journal/memory-journal.js'
import { type RestoredEntry, restoreJournal } from '../../../services/coordinator/journal/restore.js'
import { takeSnapshot } from '../../../services/coordinator/journal/snapshot.js'
import { decodePiece, encodePiece, type SnapshotItem } from '../../../services/coordinator/journal/snapshot-codec.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import type { LeaseRecord, Transition } from '../../../services/coordinator/lease/records.js'
import { bytesOf } from '../../support/transition-bytes.js'
import { leaseImage, transition } from './arbitraries.js'

const clock = { afterPoll: (run: () => void) => void setImmediate(run) }

/** A coordinator without rules: leases that are created, renewed and deleted, one entry a step. */
class Ledger {
  readonly leases = new Map<number, LeaseImage>()
  revision = 1_000
  /** The append under way. */
  appended: Promise<void> = Promise.resolve()
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  decide(...steps: ('create' | 'renew' | { delete: number })[]): LeaseRecord[] {
    const records = steps.map((step): LeaseRecord => {
      if (step === 'create') return created(this.revision + 1)
      if (step !== 'renew') return { ...created(step.delete, this.revision + 1), type: 'deleted' }
      const leaseIds = [...this.leases.keys()]
      const firstRevision = this.revision + 1
      return { type: 'renewed', firstRevision, leaseIds, renewTimes: leaseIds.map((_, index) => firstRevision + index) }
    })
    for (const record of records) this.apply(record)
    return records
  }

  async append(...steps: ('create' | 'renew' | { delete: number })[]): Promise<void> {
    for (const step of steps) await this.appendRecords(this.revision + 1, this.decide(step))
  }

  async appendRecords(firstRevision: number, records: LeaseRecord[]): Promise<void> {
    const { epoch, lastSequence } = this.#journal
    this.appended = this.#journal.append(encodeEntry({ epoch, firstRevision, records }), lastSequence + 1)
    await this.appended
  }

  apply(record: LeaseRecord): void {
    if (record.type === 'published') return
    if (record.type === 'renewed') {
      record.leaseIds.forEach((id, index) => {
        const lease = this.leases.get(id)
        this.revision = record.firstRevision + index
        if (lease) this.leases.set(id, { ...lease, revision: this.revision, renewTime: record.renewTimes[index] ?? 0 })
      })
      return
    }
    this.revision = record.lease.revision
    if (record.type === 'deleted') this.leases.delete(record.lease.id)
    else this.leases.set(record.lease.id, record.lease)
  }

  get content(): unknown {
    return { revision: this.revision, leases: [...this.leases.values()].sort((a, b) => a.id - b.id) }
  }
}

const imageOf = (revision: number): LeaseImage => ({
  id: revision,
  namespace: 'default',
  name: `lease-${revision}`,
  uid: `uid-${revision}`,
  creationTimestamp: 1,
  state: 'held',
  holderIdentity: 'a',
  fencingToken: revision,
  revision,
})

const created = (id: number, revision = id): Transition => ({
  type: 'created',
  time: 1_700_000_000_000_000,
  lease: { ...imageOf(id), revision },
})

const snapshotOf = (
  journal: Journal,
  ledger: Ledger,
  options: Partial<Parameters<typeof takeSnapshot>[0]> = {},
): ReturnType<typeof takeSnapshot> =>
  takeSnapshot({
    journal,
    sequence: journal.lastSequence + 1,
    header: { revision: ledger.revision, publishedThrough: 7 },
    leases: ledger.leases.values(),
    unpublished: [],
    settled: async () => {},
    nextSlice: run => clock.afterPoll(run),
    ...options,
  })

async function restored(journal: Journal): Promise<{ items: SnapshotItem[]; entries: RestoredEntry[] }> {
  const items: SnapshotItem[] = []
  const entries: RestoredEntry[] = []
  for await (const part of restoreJournal(journal)) {
    if (part.kind === 'piece') items.push(...part.items)
    else entries.push(part)
  }
  return { items, entries }
}

async function replay(journal: Journal): Promise<Ledger> {
  const ledger = new Ledger(journal)
  const { items, entries } = await restored(journal)
  for (const item of items) {
    if (item.kind === 'header') ledger.revision = item.header.revision
    if (item.kind === 'image') ledger.leases.set(item.lease.id, item.lease)
  }
  for (const { records, revision } of entries) {
    for (const record of records) ledger.apply(record)
    ledger.revision = revision
  }
  return ledger
}

const open = () => openMemoryJournal(new MemoryStore(systemRandom))

test('every piece comes back as it was', t => {
  const header = fc.record({ revision: fc.maxSafeNat(), publishedThrough: fc.maxSafeNat() })
  const item = fc.oneof(
    header.map((header): SnapshotItem => ({ kind: 'header', header })),
    leaseImage.map((lease): SnapshotItem => ({ kind: 'image', lease })),
    transition.map((transition): SnapshotItem => ({ kind: 'unpublished', transition, bytes: bytesOf(transition) })),
    fc
      .tuple(fc.maxSafeNat(), fc.maxSafeNat())
      .map(([fromRevision, throughRevision]): SnapshotItem => ({ kind: 'gap', fromRevision, throughRevision })),
    fc.maxSafeNat().map((throughRevision): SnapshotItem => ({ kind: 'published', throughRevision })),
  )
  const read = (piece: Uint8Array): SnapshotItem[] =>
    decodePiece(piece, 0).map(item => ('bytes' in item ? { ...item, bytes: Uint8Array.from(item.bytes) } : item))
  fc.assert(fc.property(fc.array(item), items => void t.deepEqual(read(encodePiece(items)), items)))
  t.pass()
})

test('a piece that is cut short or of another format is refused by its number', t => {
  const piece = encodePiece([{ kind: 'image', lease: imageOf(1) }])
  const cut = () => decodePiece(piece.subarray(0, -1), 4)
  t.throws(cut, { instanceOf: JournalCorrupt, message: /piece 4 / })
  const newer = piece.slice()
  newer[0] = 9
  t.throws(() => decodePiece(newer, 4), { instanceOf: JournalCorrupt, message: /piece 4 .*format 9/ })
})

test('a journal without a snapshot is its entries', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create', 'create', 'renew', { delete: 1_001 })
  t.deepEqual((await replay(journal)).content, ledger.content)
})

test('a snapshot and the entries after it are the state, and the entries before it are gone', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create', 'create', 'renew')
  t.is((await snapshotOf(journal, ledger)).leases, 2)
  await t.throwsAsync(async () => journal.read(1)[Symbol.asyncIterator]().next(), { instanceOf: JournalCorrupt })
  t.deepEqual((await replay(journal)).content, ledger.content)
  await ledger.append('create', 'renew', { delete: 1_002 })
  t.deepEqual((await replay(journal)).content, ledger.content)
})

test('a snapshot that was taken while the state moved restores to the state', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append(...Array.from({ length: 50 }, () => 'create' as const))
  let isOver = false
  const settled = async () => void (await ledger.appended)
  const taken = snapshotOf(journal, ledger, { sliceSize: 3, settled }).finally(() => {
    isOver = true
  })
  for (let id = 1_001; !isOver; id += 7) {
    await ledger.append('renew', 'create', ...(ledger.leases.has(id) ? [{ delete: id }] : []))
    await new Promise(setImmediate)
  }
  await taken
  t.deepEqual((await replay(journal)).content, ledger.content)
})

test('a snapshot counts only when the records that its pieces may show are durable', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create')
  const sequence = journal.lastSequence + 1
  const header = { revision: ledger.revision, publishedThrough: 7 }
  const ahead = ledger.decide('create')
  const settled = async () => {
    t.is(journal.readSnapshot(), undefined)
    await ledger.appendRecords(1_002, ahead)
  }
  await snapshotOf(journal, ledger, { sequence, header, settled })
  t.deepEqual((await replay(journal)).content, ledger.content)
})

test('a snapshot that shows more than the entries tell is corrupt', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create')
  const header = { revision: ledger.revision, publishedThrough: 7 }
  ledger.decide('create')
  await snapshotOf(journal, ledger, { header })
  await t.throwsAsync(replay(journal), { instanceOf: JournalCorrupt, message: /knows revision 1002/ })
})

test('a snapshot that fails leaves the one before it, and the entries', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create')
  await snapshotOf(journal, ledger)
  await ledger.append('create')
  const settled = async () => Promise.reject(new JournalFailed('disk full'))
  await t.throwsAsync(snapshotOf(journal, ledger, { settled }), { message: 'disk full' })
  t.is(journal.readSnapshot()?.sequence, 2)
  t.deepEqual((await replay(journal)).content, ledger.content)
})

test('an unpublished transition is restored once, from the snapshot or from an entry', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create', 'create')
  const header = { revision: ledger.revision, publishedThrough: 1_001 }
  const outbox = [1_002, 1_003].map(revision => bytesOf(created(revision)))
  const records = ledger.decide('create')
  await snapshotOf(journal, ledger, {
    header,
    unpublished: outbox,
    settled: () => ledger.appendRecords(1_003, records),
  })
  const { items, entries } = await restored(journal)
  t.deepEqual(items[0], { kind: 'header', header })
  const revisions = items.flatMap(item => (item.kind === 'unpublished' ? [item.transition.lease.revision] : []))
  t.deepEqual(revisions, [1_002])
  t.deepEqual(
    entries.flatMap(({ records }) => records),
    [created(1_003)],
  )
})

test('an entry without records still tells the revision', async t => {
  const journal = open()
  await new Ledger(journal).appendRecords(1_001, [])
  const { entries } = await restored(journal)
  t.deepEqual(entries, [{ kind: 'entry', sequence: 1, epoch: 1, revision: 1_000, records: [], transitions: [] }])
})

test('a journal in which revisions are missing or come twice is corrupt', async t => {
  for (const firstRevision of [1_001, 1_003]) {
    const journal = open()
    const ledger = new Ledger(journal)
    await ledger.append('create')
    await ledger.appendRecords(firstRevision, [created(firstRevision)])
    await t.throwsAsync(replay(journal), { instanceOf: JournalCorrupt, message: /entry 2 .*1002 must follow/ })
  }
})

test('a record out of revision order inside an entry is corrupt', async t => {
  const journal = open()
  await new Ledger(journal).appendRecords(1_001, [created(1_002)])
  await t.throwsAsync(replay(journal), { instanceOf: JournalCorrupt, message: /entry 1 .*1001 must follow/ })
})

test('an entry of an older epoch than the one before it is corrupt', async t => {
  const store = new MemoryStore(systemRandom)
  openMemoryJournal(store)
  const journal = openMemoryJournal(store)
  await journal.append(encodeEntry({ epoch: 2, firstRevision: 1, records: [] }), 1)
  await journal.append(encodeEntry({ epoch: 1, firstRevision: 1, records: [] }), 2)
  await t.throwsAsync(replay(journal), { instanceOf: JournalCorrupt, message: /entry 2 is of epoch 1, after 2/ })
})

test('a journal whose entries begin after its snapshot ends is corrupt', async t => {
  const journal = open()
  const ledger = new Ledger(journal)
  await ledger.append('create')
  await snapshotOf(journal, ledger)
  await ledger.appendRecords(1_005, [])
  await t.throwsAsync(replay(journal), { instanceOf: JournalCorrupt, message: /1002 to 1004 are missing/ })
})

test('a gap among the unpublished transitions is asked for after they were walked, and comes back', async t => {
  const journal = await open()
  const ledger = new Ledger(journal)
  await ledger.append('create')
  let isWalked = false
  const unpublished = function* () {
    isWalked = true
    yield* []
  }
  await snapshotOf(journal, ledger, {
    unpublished: unpublished(),
    gap: () => (isWalked ? { fromRevision: 3, throughRevision: 5 } : undefined),
  })
  const gaps = (await restored(journal)).items.filter(({ kind }) => kind === 'gap')
  t.deepEqual(gaps, [{ kind: 'gap', fromRevision: 3, throughRevision: 5 }])
})
