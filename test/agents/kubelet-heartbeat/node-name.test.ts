import test from 'ava'
import { nodeNames, sessionCount } from '../../../agents/kubelet-heartbeat/agent.js'
import { nodeNameFrom, wrongNodeName } from '../../../agents/kubelet-heartbeat/node-name.js'

for (const [hostname, name] of [
  ['node-1', 'node-1'],
  ['Build_Host.Example.COM', 'build-host.example.com'],
  ['-x-..y.', 'x.y'],
  ['', 'node'],
  ['___', 'node'],
  [`${'a'.repeat(252)}--b`, 'a'.repeat(252)],
] as const) {
  test(`the hostname "${hostname.slice(0, 30)}" becomes a legal node name`, t => {
    t.is(nodeNameFrom(hostname), name)
    t.is(wrongNodeName(name), undefined)
  })
}

test('hollow nodes are numbered from 0', t => {
  t.deepEqual(nodeNames('n', 2), ['n-0', 'n-1'])
  t.deepEqual(nodeNames('n', undefined), ['n'])
})

test('10,000 nodes share a stream, and there are at most 64 streams', t => {
  t.deepEqual([1, 10_000, 10_001, 1_000_000].map(sessionCount), [1, 1, 2, 64])
})
