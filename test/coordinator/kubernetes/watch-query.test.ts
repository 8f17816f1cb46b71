import test from 'ava'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'
import { isWatch, watchQuery } from '../../../services/coordinator/kubernetes/watch-query.js'

const selection = { namespace: '', matches: () => true }

const read = (query: string) => {
  const { selection: _, ...rest } = watchQuery(new URLSearchParams(query), selection)
  return rest
}

/** The Status with which it is refused. */
function refusal(query: string): StatusError {
  try {
    read(query)
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
  throw new Error(`${query} was not refused`)
}

test('a watch is asked for by anything but false and 0', t => {
  for (const query of ['watch', 'watch=', 'watch=true', 'watch=1', 'watch=True']) {
    t.true(isWatch(new URLSearchParams(query)), query)
  }
  for (const query of ['', 'watch=false', 'watch=False', 'watch=0']) t.false(isWatch(new URLSearchParams(query)), query)
})

const accepted: readonly { title: string; query: string; is: object }[] = [
  { title: 'no version begins with the initial events', query: '', is: { sendsInitialEvents: true, revision: 0 } },
  { title: 'version 0 is as none', query: 'resourceVersion=0', is: { sendsInitialEvents: true, revision: 0 } },
  {
    title: 'a version begins after it',
    query: 'resourceVersion=12',
    is: { sendsInitialEvents: false, revision: 12 },
  },
  {
    title: 'initial events can be asked for at a version',
    query: 'resourceVersion=12&sendInitialEvents=true&resourceVersionMatch=NotOlderThan',
    is: { sendsInitialEvents: true, revision: 12 },
  },
  {
    title: 'initial events can be declined',
    query: 'sendInitialEvents=false&resourceVersionMatch=NotOlderThan',
    is: { sendsInitialEvents: false, revision: 0 },
  },
  { title: 'bookmarks come when allowed', query: 'allowWatchBookmarks=true', is: { allowsBookmarks: true } },
  { title: 'bookmarks do not come unless allowed', query: 'allowWatchBookmarks=0', is: { allowsBookmarks: false } },
  { title: 'a watch has the time that it asks for', query: 'timeoutSeconds=90', is: { lifetimeMs: 90_000 } },
]

for (const { title, query, is } of accepted) test(title, t => t.like(read(query), is))

test('no time, or one below zero, is for the coordinator to choose', t => {
  for (const query of ['', 'timeoutSeconds=', 'timeoutSeconds=0', 'timeoutSeconds=-1']) {
    t.is(read(query).lifetimeMs, undefined, query)
  }
})

const needs = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
const alone = 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
const other = 'Unsupported value: "Exact": supported values: "NotOlderThan"'
const paged = 'Forbidden: resourceVersionMatch is forbidden when continue is provided'

const refused: readonly { title: string; query: string; messages: readonly string[] }[] = [
  { title: 'initial events need a match of versions', query: 'sendInitialEvents=true', messages: [needs] },
  { title: 'so do declined initial events', query: 'sendInitialEvents=false', messages: [needs] },
  {
    title: 'a match of versions needs initial events',
    query: 'resourceVersionMatch=NotOlderThan',
    messages: [alone],
  },
  {
    title: 'there is no exact version of initial events',
    query: 'sendInitialEvents=true&resourceVersionMatch=Exact',
    messages: [needs, other],
  },
  {
    title: 'a match of versions goes with no page',
    query: 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x',
    messages: [paged],
  },
]

for (const { title, query, messages } of refused) {
  test(title, t => {
    const { code, status } = refusal(query)
    t.is(code, 422)
    t.like(status, { reason: 'Invalid', details: { group: 'meta.k8s.io', kind: 'ListOptions' } })
    t.deepEqual(
      status.details?.causes?.map(({ message }) => message),
      [...messages],
    )
    t.true(status.message?.startsWith('ListOptions.meta.k8s.io "" is invalid: '))
  })
}

test('a version or a time that is no number is a bad request', t => {
  for (const query of ['resourceVersion=abc', 'resourceVersion=-1', 'timeoutSeconds=soon', 'timeoutSeconds=-']) {
    t.is(refusal(query).code, 400, query)
  }
})
