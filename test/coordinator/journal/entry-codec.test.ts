import test from 'ava'
import fc from 'fast-check'
import { ByteReader } from '../../../services/coordinator/journal/bytes.js'
import { decodeEntry, EntryEncoder, encodeEntry } from '../../../services/coordinator/journal/entry-codec.js'
import { JournalCorrupt } from '../../../services/coordinator/journal/journal.js'
import { readTransition } from '../../../services/coordinator/journal/record-codec.js'
import type { LeaseImage } from '../../../services/coordinator/lease/lease.js'
import { type Entry, isTransition, type LeaseRecord } from '../../../services/coordinator/lease/records.js'
import { entry as anyEntry } from './arbitraries.js'

const lease: LeaseImage = {
  id: 1_700_000_000_000_001,
  namespace: 'kube-system',
  name: 'kube-scheduler',
  uid: 'a9f0cd9e-0b47-4c7e-b7f5-4c2b3f1d2e6a',
  creationTimestamp: 1_700_000_000,
  labels: { tier: 'control' },
  holderIdentity: 'zoë_1',
  leaseDurationMs: 15_000,
  acquireTime: -62_135_596_800_000_000n,
  renewTime: 1_700_000_000_000_000,
  leaseTransitions: 2,
  state: 'held',
  fencingToken: 1_700_000_000_000_007,
  instance: '00112233445566778899aabbccddeeff',
  revision: 1_700_000_000_000_007,
}

const golden: Entry = {
  epoch: 3,
  firstRevision: 1_700_000_000_000_007,
  records: [
    {
      type: 'acquired',
      time: 1_700_000_000_000_050,
      lease,
      previousHolder: 'b',
      cause: 'superseded',
      unheldMs: 1.5,
      previousLabels: {},
    },
    {
      type: 'renewed',
      firstRevision: 1_700_000_000_000_008,
      leaseIds: [1_700_000_000_000_001, 1_700_000_000_000_004],
      renewTimes: [1_700_000_000_000_100, 1_800_000_000_000_000],
    },
    { type: 'published', throughRevision: 1_700_000_000_000_006 },
  ],
}

test('every entry comes back as it was, absent fields absent, times of year 1 exact', t => {
  const encoder = new EntryEncoder()
  fc.assert(
    fc.property(anyEntry, entry => {
      const { bytes, transitions } = encoder.encode(entry)
      const decoded = decodeEntry(bytes, 1)
      t.deepEqual(decoded.entry, entry)
      t.deepEqual(decoded.transitions, transitions)
    }),
  )
  t.pass()
})

test('the bytes of each transition are told with those of its entry, also when the buffer grew on the way', t => {
  const encoder = new EntryEncoder()
  const moved: LeaseRecord = { type: 'transferred', time: 1_700_000_000_000_050, lease, previousHolder: 'b' }
  const entry: Entry = { ...golden, records: Array.from({ length: 300 }, () => [moved, ...golden.records]).flat() }
  fc.assert(
    fc.property(fc.oneof(anyEntry, fc.constant(entry)), ({ records, ...rest }) => {
      const { transitions } = encoder.encode({ ...rest, records })
      t.deepEqual(
        transitions.map(bytes => readTransition(new ByteReader(bytes))),
        records.filter(isTransition),
      )
    }),
  )
})

test('the bytes of an entry never change: journals on disks have them', t => {
  t.is(
    Buffer.from(encodeEntry(golden)).toString('hex'),
    [
      '0100000000000008401c0079609028184303000000',
      '02020fc800796090281843ef01000004007960902818431c007960902818431c0079609028184300000040fc54d941',
      '020b6b7562652d73797374656d0e6b7562652d7363686564756c65722461396630636439652d306234372d34633765',
      '2d623766352d346332623366316432653661067a6fc3ab5f3100000000004ccd400040d400014023ff000079609028',
      '184300000000000000402030303131323233333434353536363737383839396161626263636464656566661d7b226c',
      '6162656c73223a7b2274696572223a22636f6e74726f6c227d7d016203000000000000f83f027b7d01200079609028',
      '18430200000004040079609028184300000000030000000890017960902818439001796090281843000062a25c9419',
      '43031800796090281843',
    ].join(''),
  )
})

test('that a tenancy is written takes one bit, which entries of before do not have', t => {
  const bytesOf = (image: LeaseImage) =>
    encodeEntry({ epoch: 1, firstRevision: 1, records: [{ type: 'updated', time: 0, lease: image }] })
  const [before, written] = [bytesOf(lease), bytesOf({ ...lease, isWritten: true })]
  const changed = [...written.keys()].filter(at => written[at] !== before[at])
  t.is(written.length, before.length)
  t.is(changed.length, 1)
  t.deepEqual(decodeEntry(before, 1).entry.records, [{ type: 'updated', time: 0, lease }])
})

test('an entry without records is an epoch entry', t => {
  const epochEntry: Entry = { epoch: 7, firstRevision: 42, records: [] }
  t.deepEqual(decodeEntry(encodeEntry(epochEntry), 1).entry, epochEntry)
})

test('an entry that is cut short anywhere is refused by its sequence', t => {
  const whole = encodeEntry(golden)
  for (let size = 0; size < whole.length; size++) {
    t.throws(() => decodeEntry(whole.subarray(0, size), 17), { instanceOf: JournalCorrupt, message: /entry 17 / })
  }
})

test('bytes after the last record are refused', t => {
  const longer = Buffer.concat([encodeEntry(golden), Buffer.alloc(1)])
  t.throws(() => decodeEntry(longer, 17), { instanceOf: JournalCorrupt, message: /bytes after its last record/ })
})

test('an entry of another format version is refused by its sequence', t => {
  const bytes = encodeEntry(golden)
  bytes[0] = 2
  t.throws(() => decodeEntry(bytes, 17), { instanceOf: JournalCorrupt, message: /entry 17 .*format 2/ })
})

test('a record of an unknown kind is refused', t => {
  const bytes = encodeEntry({ epoch: 1, firstRevision: 1, records: [{ type: 'published', throughRevision: 1 }] })
  bytes[21] = 9
  t.throws(() => decodeEntry(bytes, 17), { instanceOf: JournalCorrupt, message: /unknown kind 9/ })
})

test('a renewal takes 8 bytes as long as the leases of a run were created close to each other', t => {
  const sizeOf = (count: number) => {
    const leaseIds = Array.from({ length: count }, (_, index) => 1.7e15 + index * 97)
    const renewTimes = leaseIds.map((_, index) => 1.8e15 + index)
    const entry: Entry = {
      epoch: 1,
      firstRevision: 1,
      records: [{ type: 'renewed', firstRevision: 1, leaseIds, renewTimes }],
    }
    return encodeEntry(entry).length
  }
  t.is(sizeOf(1_000) - sizeOf(0), 8_000)
})

test('an encoder is used again and grows as needed', t => {
  const encoder = new EntryEncoder()
  const created: LeaseRecord = { type: 'created', time: 1_700_000_000_000_050, lease }
  const large: Entry = { ...golden, records: Array.from({ length: 3_000 }, () => created) }
  t.deepEqual(decodeEntry(encoder.encode(large).bytes, 1).entry, large)
  t.deepEqual(decodeEntry(encoder.encode(golden).bytes, 1).entry, golden)
})
