import test from 'ava'
import { readCommandLine } from '../../../agents/runtime/command-line.js'

async function read(...argv: readonly string[]) {
  let error = ''
  const output = {
    out: () => {},
    error: (text: string) => {
      error += text
    },
  }
  return { call: await readCommandLine(['node-monitor', ...argv], '/', output), error: () => error }
}

const refused: readonly (readonly [what: string, argv: string[], message: RegExp])[] = [
  ['too short a grace period', ['--grace-period', '2s'], /--grace-period.*at least 3s/],
  ['a namespace that is none', ['--namespace', 'a/b'], /--namespace.*name of a namespace/],
  ['a lease without a namespace', ['--lease', 'node-monitor'], /--lease.*kube-system\/node-monitor/],
  ['a lease with too many parts', ['--lease', 'a/b/c'], /--lease.*kube-system\/node-monitor/],
  ['a share of nothing', ['--disruption-percent', '0'], /--disruption-percent.*at least 1/],
  ['a NATS that is no URL', ['--nats', 'localhost:4222'], /--nats.*nats:\/\/127\.0\.0\.1:4222/],
  ['a URL without a host', ['--nats', 'nats://:4222'], /--nats.*nats:\/\/127\.0\.0\.1:4222/],
]

for (const [what, argv, message] of refused) {
  test(`refuses ${what}`, async t => {
    const { call, error } = await read(...argv)
    t.is(call, 2)
    t.regex(error(), message)
  })
}

test('the defaults are those of Kubernetes', async t => {
  const { call } = await read()
  if (typeof call === 'number') return t.fail()
  t.like(call.options, {
    gracePeriod: 50_000,
    namespace: 'kube-node-lease',
    lease: 'kube-system/node-monitor',
    leaseDuration: 15_000,
    disruptionPercent: 55,
    nats: 'nats://127.0.0.1:4222',
    labelsOnly: false,
  })
})
