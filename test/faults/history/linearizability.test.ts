import test, { type ExecutionContext } from 'ava'
import { checkLease, described } from './linearizability.js'
import type { LeaseStatus, Operation, OperationKind, Outcome } from './operation.js'

const leaseDurationMs = 1_000
const never = Number.POSITIVE_INFINITY

/** An operation that was under way from `callMs` to `returnMs`. */
function operation(
  kind: OperationKind,
  holderIdentity: string,
  [callMs, returnMs]: readonly [number, number],
  outcome: Outcome,
  tenancy?: number,
): Operation {
  const id = `${kind} ${holderIdentity} ${callMs}`
  return {
    id,
    process: holderIdentity,
    lease: 'default/set',
    kind,
    holderIdentity,
    leaseDurationMs,
    tenancy,
    callMs,
    returnMs,
    outcome,
  }
}

type Times = readonly [number, number]
const acquire = (holder: string, times: Times, token: number, { resumed = false, unconfirmed = false } = {}) =>
  operation('acquire', holder, times, { type: 'acquired', token, resumed, unconfirmed })
const renew = (holder: string, times: Times, token: number) =>
  operation('renew', holder, times, { type: 'done' }, token)
const release = (holder: string, times: Times, token: number) =>
  operation('release', holder, times, { type: 'done' }, token)
const read = (times: Times, status: LeaseStatus, holderIdentity: string, token: number) =>
  operation('read', '', times, { type: 'read', status, holderIdentity, token })
const refused = (kind: OperationKind, holder: string, times: Times, reason: string, other = '', tenancy?: number) =>
  operation(kind, holder, times, { type: 'refused', reason, holderIdentity: other }, tenancy)
const unknown = (kind: OperationKind, holder: string, callMs: number, tenancy?: number) =>
  operation(kind, holder, [callMs, never], { type: 'unknown' }, tenancy)

const good = (t: ExecutionContext, ...operations: Operation[]) => {
  const verdict = checkLease(operations)
  t.true(verdict.isLinearizable, described(verdict))
}
/** @param at the first operation that must stay unexplained. */
const bad = (t: ExecutionContext, at: Operation, ...operations: Operation[]) => {
  const verdict = checkLease(operations)
  t.is(verdict.isLinearizable ? undefined : verdict.operation, at, described(verdict))
}

test('a lease that one holder after the other takes, renews and gives up has an order', t => {
  good(
    t,
    refused('read', '', [0, 1], 'LEASE_NOT_FOUND'),
    acquire('a', [2, 3], 5),
    renew('a', [500, 510], 5),
    read([511, 512], 'held', 'a', 5),
    release('a', [600, 610], 5),
    read([611, 612], 'released', '', 5),
    acquire('b', [620, 630], 9),
  )
})

test('two holders at one time have no order', t => {
  const second = acquire('b', [10, 20], 6)
  bad(t, second, acquire('a', [0, 1], 5), second)
})

test('a holder may lose the lease at its deadline, and not 1 ms before', t => {
  good(t, acquire('a', [0, 10], 5), acquire('b', [990, 1_000], 6))
  const early = acquire('b', [990, 999], 6)
  bad(t, early, acquire('a', [0, 10], 5), early)
})

test('a renewal moves the deadline: it counts from between its call and its return', t => {
  const history = [acquire('a', [0, 10], 5), renew('a', [800, 900], 5)]
  good(t, ...history, acquire('b', [1_700, 1_800], 6))
  const early = acquire('b', [1_700, 1_799], 6)
  bad(t, early, ...history, early)
})

test('an expired lease goes on naming its last holder, and is expired for its token', t => {
  good(
    t,
    acquire('a', [0, 10], 5),
    read([1_100, 1_101], 'held', 'a', 5),
    read([1_200, 1_201], 'expired', 'a', 5),
    refused('renew', 'a', [1_300, 1_301], 'STALE_FENCING_TOKEN', '', 5),
  )
  const late = renew('a', [1_300, 1_301], 5)
  bad(t, late, acquire('a', [0, 10], 5), read([1_200, 1_201], 'expired', 'a', 5), late)
})

test('a read that is older than another which returned before it was called has no order', t => {
  const old = read([40, 50], 'held', 'a', 5)
  const history = [acquire('a', [0, 1], 5), release('a', [10, 11], 5), read([20, 30], 'released', '', 5)]
  bad(t, old, ...history, old)
})

test('reads that overlap a release may see either side of it, in one order', t => {
  const history = [acquire('a', [0, 1], 5), release('a', [10, 100], 5)]
  good(t, ...history, read([11, 20], 'held', 'a', 5), read([21, 30], 'released', '', 5))
  const back = read([31, 40], 'held', 'a', 5)
  bad(t, back, ...history, read([21, 30], 'released', '', 5), back)
})

test('a token that does not grow has no order', t => {
  const same = acquire('b', [20, 30], 5)
  bad(t, same, acquire('a', [0, 1], 5), release('a', [10, 11], 5), same)
  const smaller = acquire('b', [20, 30], 4)
  bad(t, smaller, acquire('a', [0, 1], 5), release('a', [10, 11], 5), smaller)
})

test('a resume keeps the token and begins the duration afresh', t => {
  const history = [acquire('a', [0, 1], 5), acquire('a', [500, 510], 5, { resumed: true })]
  good(t, ...history, acquire('b', [1_400, 1_500], 6))
  const early = acquire('b', [1_400, 1_499], 6)
  bad(t, early, ...history, early)
  const other = acquire('a', [500, 510], 6, { resumed: true })
  bad(t, other, acquire('a', [0, 1], 5), other)
})

test('a renewal under a released or superseded token has no order, and its refusal has one', t => {
  const history = [acquire('a', [0, 1], 5), release('a', [10, 11], 5), acquire('b', [20, 21], 6)]
  good(t, ...history, refused('renew', 'a', [30, 31], 'STALE_FENCING_TOKEN', '', 5))
  const stale = renew('a', [30, 31], 5)
  bad(t, stale, ...history, stale)
})

test('a renewal that is refused to the holder before its deadline has no order', t => {
  const wrong = refused('renew', 'a', [500, 510], 'STALE_FENCING_TOKEN', '', 5)
  bad(t, wrong, acquire('a', [0, 1], 5), wrong)
})

test('LEASE_HELD names who holds the lease then', t => {
  good(t, acquire('a', [0, 1], 5), refused('acquire', 'b', [2, 3], 'LEASE_HELD', 'a'))
  const wrong = refused('acquire', 'b', [20, 30], 'LEASE_HELD', 'a')
  bad(t, wrong, acquire('a', [0, 1], 5), release('a', [10, 11], 5), wrong)
})

test('an acquire without an answer may have taken effect, late or never', t => {
  good(t, unknown('acquire', 'a', 0), acquire('b', [1, 2], 6))
  good(t, unknown('acquire', 'a', 0), read([100, 110], 'held', 'a', 5), acquire('b', [1_010, 1_020], 6))
  good(t, unknown('acquire', 'a', 0), acquire('b', [1, 2], 6), release('b', [3, 4], 6), read([5, 6], 'held', 'a', 7))
  const unasked = read([100, 110], 'held', 'c', 5)
  bad(t, unasked, unknown('acquire', 'a', 0), unasked)
})

test('an acquire without an answer takes effect once', t => {
  const again = read([50, 60], 'held', 'a', 9)
  const history = [unknown('acquire', 'a', 0), read([10, 20], 'held', 'a', 5), release('a', [30, 40], 5)]
  bad(t, again, ...history, again)
})

test('a token that nobody was told is greater than those before and smaller than those after', t => {
  const history = [acquire('a', [0, 1], 5), release('a', [2, 3], 5), unknown('acquire', 'b', 4)]
  good(t, ...history, read([10, 20], 'held', 'b', 6), renew('b', [21, 22], 6))
  const small = read([10, 20], 'held', 'b', 4)
  bad(t, small, ...history, small)
  const other = read([30, 40], 'held', 'b', 7)
  bad(t, other, ...history, read([10, 20], 'held', 'b', 6), other)
})

test('a release without an answer may free the lease at any later time, or never', t => {
  const history = [acquire('a', [0, 1], 5), unknown('release', 'a', 2, 5)]
  good(t, ...history, acquire('b', [10, 20], 6))
  good(t, ...history, read([800, 810], 'held', 'a', 5), read([1_200, 1_201], 'expired', 'a', 5))
  const twice = acquire('c', [30, 40], 7)
  bad(t, twice, ...history, acquire('b', [10, 20], 6), twice)
})

test('a grant to a waiter lapses unless it is confirmed', t => {
  const long = (one: Operation): Operation => ({ ...one, leaseDurationMs: 10_000 })
  const grant = long(acquire('a', [0, 100], 5, { unconfirmed: true }))
  good(t, grant, acquire('b', [2_900, 3_000], 6))
  const early = acquire('b', [2_900, 2_999], 6)
  bad(t, early, grant, early)
  const confirmed = acquire('b', [9_000, 10_199], 6)
  bad(t, confirmed, grant, renew('a', [200, 210], 5), confirmed)
})

test('a thousand operations under way in turns are checked at once', t => {
  const operations: Operation[] = []
  for (let turn = 0; turn < 250; turn++) {
    const [holder, token, atMs] = [`h${turn % 7}`, turn + 1, turn * 20]
    operations.push(
      acquire(holder, [atMs - 150, atMs + 5], token),
      renew(holder, [atMs + 6, atMs + 8], token),
      unknown('acquire', `lost-${turn}`, atMs),
      release(holder, [atMs + 9, atMs + 30], token),
    )
  }
  const startedMs = performance.now()
  good(t, ...operations)
  t.true(performance.now() - startedMs < 20_000)
})

test('acquires that were tried again and again while the coordinator was away are checked at once', t => {
  const holders = ['a', 'b', 'c', 'd']
  const tries = Array.from({ length: 200 }, (_, index) =>
    unknown('acquire', holders[index % 4] ?? '', 100 + index * 50),
  )
  const startedMs = performance.now()
  good(
    t,
    acquire('x', [0, 1], 5),
    ...tries,
    read([10_200, 10_300], 'held', 'b', 7),
    ...holders.map(holder => refused('acquire', holder, [10_310, 10_400], 'LEASE_HELD', 'b')),
    acquire('a', [10_320, 11_500], 9),
    acquire('c', [10_330, 12_600], 10),
    acquire('d', [10_340, 13_700], 11),
  )
  t.true(performance.now() - startedMs < 20_000)
})

test('a tenancy of an unknown acquire that ran out unseen needs no place in the order, and one that was seen has it', t => {
  const history = [acquire('a', [0, 1], 5), release('a', [2, 3], 5), unknown('acquire', 'b', 4)]
  good(t, ...history, read([1_100, 1_200], 'expired', 'b', 6), acquire('c', [1_201, 1_210], 7))
  const small = acquire('c', [1_201, 1_210], 6)
  bad(t, small, ...history, read([1_100, 1_200], 'expired', 'b', 6), small)
})
