import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'
import { cases } from '../../bench/cases/cases.js'
import { type FiledResult, readResults } from '../../bench/harness/results.js'
import { files, pagePath, pageText, placesOf } from '../../bench/page.js'

const result: FiledResult = {
  name: 'stream',
  about: 'One lease a message.',
  scale: 'full',
  command: 'make bench CASE=stream',
  date: '2026-11-23',
  machine: { cpus: '2 x some processor', memoryGib: 24, system: 'Linux 6.1' },
  yardstick: { loopMs: 81.04, flushP50Ms: 0.402, flushP99Ms: 3.1 },
  versions: { node: 'v20.19.0', etcd: '3.4.23', nats: 'nats-server: v2.9.10' },
  measurements: [{ load: '1 stream', subject: 'leasehold', figures: { renewalsPerSecond: 58_290 } }],
  ratios: [{ name: '1 stream against etcd 3.4.23', ratio: 1.285 }],
  aims: [
    { aim: '1 stream: 1.2 x etcd 3.4.23', reached: '1.28 x', isMet: true },
    { aim: 'p99 1 ms', reached: '2 ms', isMet: false },
  ],
  plot: {
    title: 'One lease a message',
    axis: 'renewals/s',
    groups: [{ name: '1 stream', bars: { leasehold: 58_290 } }],
  },
}

const page = 'Before.\n\n<!-- stream: begin --><!-- stream: end -->\n\nAfter.\n'

test('between its markers a case has what its result says, and the rest of the page stays', t => {
  t.is(
    pageText(page, [result]),
    `Before.

<!-- stream: begin -->

One lease a message.

|  |  | renewals/s |
| --- | --- | ---: |
| 1 stream | leasehold | 58,290 |

![One lease a message, renewals/s](benchmarks/stream.svg)

| ratio |  |
| --- | --- |
| 1 stream against etcd 3.4.23 | 1.28 x |

| aim | reached |  |
| --- | --- | ---: |
| 1 stream: 1.2 x etcd 3.4.23 | 1.28 x | met |
| p99 1 ms | 2 ms | **not met** |

\`make bench CASE=stream\`; 2 x some processor, 24 GiB, Linux 6.1; 2026-11-23; Node.js v20.19.0, etcd 3.4.23, nats-server: v2.9.10. Before it the yardstick took 81.0 ms, and a flush 0.40 ms, p99 3.10 ms.

<!-- stream: end -->

After.
`,
  )
})

test('a page that was filled and is filled again is the same', t => {
  const once = pageText(page, [result])
  t.is(pageText(once, [result]), once)
})

test('a result of a shortened run is told as such', t => {
  t.regex(pageText(page, [{ ...result, scale: 'short' }]), /`make bench CASE=stream`, shortened;/)
})

test('a case without a result is told as such', t => {
  t.regex(pageText(page, []), /There is no result of `make bench CASE=stream`\./)
})

test('a result that has no place on the page is refused', t => {
  t.throws(() => pageText('Nothing.', [result]), { message: /no place .+<!-- stream: begin -->/ })
})

test('every case has a place in docs/benchmarks.md', t => {
  const places = placesOf(readFileSync(pagePath, 'utf8'))
  t.deepEqual(
    cases.map(({ name }) => name).filter(name => !places.includes(name)),
    [],
  )
})

test('docs/benchmarks.md and its plots are what the results on file say', t => {
  for (const { path, text } of files(readFileSync(pagePath, 'utf8'), readResults())) {
    const written = existsSync(path) ? readFileSync(path, 'utf8') : ''
    t.true(written === text, `${path} is older than bench/results: node --import=tsx bench/write-page.ts`)
  }
})
