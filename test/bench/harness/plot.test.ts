import test from 'ava'
import { plotOf } from '../../../bench/harness/plot.js'

test('a plot of a figure has a group for each load and a bar for each subject that has the figure', t => {
  const measurements = [
    { load: '1 stream', subject: 'leasehold', figures: { p99Ms: 1, peakMb: 5 } },
    { load: '1 stream', subject: 'etcd', figures: { p99Ms: 2 } },
    { load: '2 streams', subject: 'leasehold', figures: { p99Ms: 3 } },
    { load: '2 streams', subject: 'etcd', figures: { peakMb: 4 } },
  ]
  t.deepEqual(plotOf(measurements, 'p99Ms', { title: 'Waiting', axis: 'ms' }), {
    title: 'Waiting',
    axis: 'ms',
    groups: [
      { name: '1 stream', bars: { leasehold: 1, etcd: 2 } },
      { name: '2 streams', bars: { leasehold: 3 } },
    ],
  })
})
