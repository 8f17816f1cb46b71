import test from 'ava'
import { figure, heading, markdown, rows, text } from '../../../bench/harness/table.js'

const result = {
  measurements: [
    { load: '1 stream', subject: 'leasehold', figures: { renewalsPerSecond: 58_291.4, p99Ms: 4.243 } },
    { load: '1 stream', subject: 'etcd 3.4.23', figures: { renewalsPerSecond: 45_370, cpuMicros: 25.93 } },
  ],
  aims: [],
}

for (const [name, said] of [
  ['renewalsPerSecond', 'renewals/s'],
  ['p99Ms', 'p99, ms'],
  ['cpuMicros', 'CPU, µs'],
  ['loadCpuMicros', 'load CPU, µs'],
  ['peakMb', 'peak, MB'],
  ['cpuSeconds', 'CPU, s'],
  ['bytesPerLease', 'bytes per lease'],
] as const) {
  test(`${name} is headed '${said}'`, t => {
    t.is(heading(name), said)
  })
}

for (const [value, said] of [
  [58_291.4, '58,291'],
  [100, '100'],
  [25.93, '25.9'],
  [4.243, '4.24'],
  [0.0312, '0.03'],
  [7, '7'],
  [undefined, ''],
] as const) {
  test(`${value} is written '${said}'`, t => {
    t.is(figure(value), said)
  })
}

test('every figure of a case has a column, and what was not measured has an empty cell', t => {
  t.deepEqual(rows(result), [
    ['', '', 'renewals/s', 'p99, ms', 'CPU, µs'],
    ['1 stream', 'leasehold', '58,291', '4.24', ''],
    ['1 stream', 'etcd 3.4.23', '45,370', '', '25.9'],
  ])
})

test('in a terminal figures are aligned to the right', t => {
  t.is(
    text(rows(result)),
    [
      '                       renewals/s  p99, ms  CPU, µs',
      '1 stream  leasehold        58,291     4.24',
      '1 stream  etcd 3.4.23      45,370              25.9',
    ].join('\n'),
  )
})

test('on a page they are a table of Markdown', t => {
  t.is(
    markdown([
      ['', '', 'renewals/s'],
      ['1 stream', 'leasehold', '58,291'],
    ]),
    ['|  |  | renewals/s |', '| --- | --- | ---: |', '| 1 stream | leasehold | 58,291 |'].join('\n'),
  )
})
