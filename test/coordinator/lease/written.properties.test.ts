import test from 'ava'
import fc from 'fast-check'
import { decodeEntry, encodeEntry } from '../../../services/coordinator/journal/entry-codec.js'
import type { WrittenLease } from '../../../services/coordinator/lease/commands.js'
import type { LeaseImage, MicroTime } from '../../../services/coordinator/lease/lease.js'
import { LeaseTable } from '../../../services/coordinator/lease/lease-table.js'
import { meaningOf, writtenLease } from '../../../services/coordinator/lease/written.js'
import { CoreWorld } from '../../support/core.js'
import { RandomRun } from '../../support/core-runs.js'

const text = fc.string({ minLength: 1, maxLength: 5 })
const labels = fc.dictionary(text, text, { minKeys: 1, maxKeys: 3, noNullPrototype: true })
const microTime: fc.Arbitrary<MicroTime> = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -62_135_596_800_000_000n, max: -9_007_199_254_740_992n }),
)

const write: fc.Arbitrary<WrittenLease> = fc.record(
  {
    labels,
    annotations: labels,
    ownerReferences: fc.array(fc.record({ apiVersion: text, kind: text, name: text, uid: text }), {
      minLength: 1,
      maxLength: 2,
    }),
    finalizers: fc.array(text, { minLength: 1, maxLength: 2 }),
    holderIdentity: fc.constantFrom('', 'A', 'B'),
    leaseDurationMs: fc.constantFrom(1_000, 15_000, (2 ** 31 - 1) * 1e3),
    acquireTime: microTime,
    renewTime: microTime,
    leaseTransitions: fc.nat(),
    strategy: text,
    preferredHolder: text,
    takeoverDelayMs: fc.constant(500),
  },
  { requiredKeys: [] },
)

test('a write reads back as it was written, whatever the lease was before', t => {
  fc.assert(
    fc.property(fc.array(write, { minLength: 2, maxLength: 6 }), fc.boolean(), ([first = {}, ...rest], isLate) => {
      const world = new CoreWorld()
      t.deepEqual(writtenLease(world.createWritten(first)), first)
      for (const lease of rest) {
        // Past the deadline, then past the takeover delay.
        for (const ms of isLate ? [15_000, 500] : [500]) {
          world.pass(ms)
          world.settle()
        }
        t.deepEqual(writtenLease(world.write(lease)), lease)
        t.deepEqual(writtenLease(world.get()), lease)
        t.is(meaningOf(world.get(), lease), 'nothing')
        const { revision } = world.get()
        t.is(world.write(lease).revision, revision)
      }
    }),
  )
  t.pass()
})

test('what validateOnly tells is what the write then comes to', t => {
  fc.assert(
    fc.property(write, write, fc.integer({ min: 0, max: 15_000 }), (first, second, ms) => {
      const world = new CoreWorld()
      world.createWritten(first)
      world.pass(ms)
      world.settle()
      t.deepEqual(outcomeOf(world, second, true), outcomeOf(world, second, false))
    }),
  )
  t.pass()
})

/** What a write comes to, be it a lease or a refusal. */
function outcomeOf(world: CoreWorld, lease: WrittenLease, validateOnly: boolean): unknown {
  try {
    return world.write(lease, { validateOnly })
  } catch (error) {
    return error
  }
}

/** Runs random commands over gRPC and random writes, and compares each lease before and after each of them. */
function eachStep(seed: number, look: (before: Before, after: LeaseImage, run: RandomRun) => void): RandomRun {
  let befores = new Map<number, Before>()
  const run = new RandomRun(seed, ({ world }) => {
    const present = new Map<number, Before>()
    for (const node of world.table.nodes()) {
      const image = node.current()
      const before = befores.get(image.id) ?? { image: undefined, deadline: Number.POSITIVE_INFINITY, now: world.now }
      if (before.image?.revision !== image.revision) look(before, image, run)
      present.set(image.id, { image, deadline: node.deadline, now: world.now })
    }
    befores = present
  })
  run.run(300)
  return run
}

interface Before {
  /** Undefined where the lease is new. */
  readonly image: LeaseImage | undefined
  readonly deadline: number
  /** When it was looked at. */
  readonly now: number
}

function rule(title: string, holds: (seed: number) => void): void {
  test(title, t => {
    fc.assert(fc.property(fc.integer(), holds), { numRuns: 100 })
    t.pass()
  })
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** Whether somebody has taken the lease. */
const isTaken = (before: Before, after: LeaseImage): boolean =>
  after.state === 'held' && after.fencingToken !== before.image?.fencingToken

rule('a tenancy over gRPC is not taken by a write before its deadline', seed => {
  eachStep(seed, (before, after, { world }) => {
    const isProtected = before.image?.state === 'held' && !before.image.isWritten && world.now < before.deadline
    must(!(isProtected && after.isWritten), `${before.image?.holderIdentity} lost ${after.name} to a write`)
    const isKept = after.state !== 'held' || after.fencingToken !== before.image?.fencingToken
    must(isKept || after.holderIdentity === before.image?.holderIdentity, `${after.name} changed its holder`)
  })
})

rule('those who wait go before any write', seed => {
  eachStep(seed, (before, after, { world }) => {
    if (!after.isWritten || !isTaken(before, after)) return
    const isAwaited = world.sessions.isAwaited(after)
    // Its last holder comes back before those who wait.
    const mayComeBack = before.image?.isWritten && before.image.holderIdentity === after.holderIdentity
    must(!isAwaited || mayComeBack === true, `${after.holderIdentity} took ${after.name} by a write, and others wait`)
  })
})

rule('tokens grow with every tenancy, however it begins', seed => {
  const last = new Map<string, number>()
  eachStep(seed, (before, after) => {
    if (!isTaken(before, after)) return
    must(after.fencingToken === after.revision, `${after.name} has another token than its revision`)
    must(after.fencingToken > (last.get(after.name) ?? 0), `the token of ${after.name} does not grow`)
    last.set(after.name, after.fencingToken)
  })
})

rule('the records come to the same leases, byte for byte, when they went through the journal', seed => {
  const { world } = eachStep(seed, () => {})
  const { records } = decodeEntry(encodeEntry({ epoch: 1, firstRevision: 101, records: world.log }), 1).entry
  const copy = new LeaseTable(100)
  for (const record of records) copy.apply(record)
  const bytesOf = (table: LeaseTable) => {
    const images = [...table.images()].sort((a, b) => a.id - b.id)
    return encodeEntry({
      epoch: 1,
      firstRevision: 1,
      records: images.map(lease => ({ type: 'created', time: 0, lease })),
    })
  }
  must(Buffer.from(bytesOf(copy)).equals(bytesOf(world.table)), 'the leases differ')
})

test('the runs have every meaning of a write', t => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 30; seed++) {
    const run = new RandomRun(seed)
    run.run(300)
    for (const record of run.world.log) {
      if (record.type === 'published' || record.type === 'renewed') continue
      if (record.lease.isWritten || record.cause === 'kubernetes-write') seen.add(record.type)
    }
  }
  t.deepEqual([...seen].sort(), ['acquired', 'created', 'deleted', 'expired', 'transferred', 'updated'])
})
