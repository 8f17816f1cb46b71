import test from 'ava'
import { type Gauge, Registry } from 'prom-client'
import { Distribution } from '../../services/coordinator/distribution.js'

test('a value counts in the bucket whose upper bound it does not pass, and in every greater one', async t => {
  const distribution = new Distribution('x', 'X.', [1, 2])
  for (const value of [0, 1, 1.5, 2, 2.5]) distribution.observe(value)
  t.is(distribution.count, 5)
  const { values } = await distribution.get()
  t.deepEqual(
    values.map(({ metricName, labels, value }) => `${metricName} ${labels.le ?? ''} ${value}`),
    ['x_bucket 1 2', 'x_bucket 2 4', 'x_bucket +Inf 5', 'x_sum  7', 'x_count  5'],
  )
})

test('prom-client shows it as the histogram it is', async t => {
  const registry = new Registry()
  const distribution = new Distribution('late_seconds', 'How late.', [0.1])
  // The registry asks a metric for nothing but its name and get().
  registry.registerMetric(distribution as unknown as Gauge)
  distribution.observe(0.05)
  distribution.observe(3)
  t.is(
    await registry.metrics(),
    [
      '# HELP late_seconds How late.',
      '# TYPE late_seconds histogram',
      'late_seconds_bucket{le="0.1"} 1',
      'late_seconds_bucket{le="+Inf"} 2',
      'late_seconds_sum 3.05',
      'late_seconds_count 2',
      '',
    ].join('\n'),
  )
})
