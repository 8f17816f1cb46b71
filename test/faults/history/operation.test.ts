import test from 'ava'
import { type HistoryLine, operationsOf } from './operation.js'

const call = (operation: string): HistoryLine => ({
  ...{ event: 'call', operation, process: 'p', atMs: 1, lease: 'default/set', kind: 'read' },
})
const text = (...lines: HistoryLine[]): string => lines.map(line => `${JSON.stringify(line)}\n`).join('')

test('a call and its return make an operation, whichever file they are in', t => {
  const end: HistoryLine = {
    ...{ event: 'return', operation: 'p-1', atMs: 2, outcome: 'ok' },
    ...{ state: 'held', holderIdentity: 'a', fencingToken: '1700000000000001' },
  }
  const [operation, ...others] = operationsOf(text(end), text(call('p-1')))
  t.deepEqual(others, [])
  t.like(operation, { callMs: 1, returnMs: 2, kind: 'read', lease: 'default/set' })
  t.deepEqual(operation?.outcome, { type: 'read', status: 'held', holderIdentity: 'a', token: 1_700_000_000_000_001 })
})

test('a call without a return has an unknown outcome, and a line that was not finished is none', t => {
  const [operation, ...others] = operationsOf(`${text(call('p-1'))}{"event":"return","oper`)
  t.deepEqual(others, [])
  t.is(operation?.returnMs, Number.POSITIVE_INFINITY)
  t.deepEqual(operation?.outcome, { type: 'unknown' })
})

test('an operation that is called twice, or returns without a call, is no history', t => {
  t.throws(() => operationsOf(text(call('p-1'), call('p-1'))), { message: 'call of p-1 is there twice' })
  const end: HistoryLine = { event: 'return', operation: 'p-2', atMs: 2, outcome: 'unknown' }
  t.throws(() => operationsOf(text(end)), { message: 'return of p-2 without its call' })
})
