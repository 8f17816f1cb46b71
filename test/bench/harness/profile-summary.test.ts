import test from 'ava'
import { profileText, summarize } from '../../../bench/harness/profile-summary.js'

const root = 'file:///home/leasehold/'
const frames: readonly [functionName: string, url: string][] = [
  ['(idle)', ''],
  ['renew', `${root}dist/services/coordinator/lease/sessions.js`],
  ['', `${root}dist/services/coordinator/lease/deadlines.js`],
  ['push', `${root}node_modules/@grpc/grpc-js/build/src/server-call.js`],
  ['put', `${root}node_modules/lmdb/write.js`],
  ['writev', 'node:internal/streams'],
  ['sort', ''],
  ['(garbage collector)', ''],
]

/** Each frame was on top for a millisecond more than the one before it. */
const profile = {
  nodes: frames.map(([functionName, url], id) => ({ id, callFrame: { functionName, url, lineNumber: 9 } })),
  samples: frames.map((_, id) => id),
  timeDeltas: [500, ...frames.map((_, id) => (id + 1) * 1_000)],
}

test('time belongs to the function on top until the next look, and idle time is no part of it', t => {
  const { busyMs, idleMs, functions } = summarize(profile, '/home/leasehold/')
  t.is(idleMs, 1)
  t.is(busyMs, 35)
  t.deepEqual(functions.at(-1), {
    name: 'renew dist/services/coordinator/lease/sessions.js:10',
    ms: 2,
    share: 2 / 35,
  })
  t.is(functions[0]?.name, '(garbage collector)')
})

test('packages are those of npm, Node, V8 and the folders of leasehold, the most first', t => {
  const { packages } = summarize(profile, '/home/leasehold/')
  t.deepEqual(
    packages.map(({ name, ms }) => [name, ms]),
    [
      ['(garbage collector)', 8],
      ['V8', 7],
      ['node', 6],
      ['dist/services/coordinator/lease', 5],
      ['lmdb', 5],
      ['@grpc/grpc-js', 4],
    ],
  )
})

test('the text has so many functions and every package', t => {
  const lines = profileText(summarize(profile, '/home/leasehold/'), 2).split('\n')
  t.is(lines[0], 'busy for 0.0 s, idle for 0.0 s')
  t.is(lines[2], ' 22.9 %       8 ms  (garbage collector)')
  t.is(lines.length, 2 + 2 + 1 + 6)
})

test('a process that did nothing has no shares', t => {
  const { busyMs, functions } = summarize({ nodes: [], samples: [], timeDeltas: [] }, '/')
  t.is(busyMs, 0)
  t.deepEqual(functions, [])
})
