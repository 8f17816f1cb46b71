import test from 'ava'
import { connect } from 'nats'
import { until } from '../../support/until.js'
import { coordinator } from '../agent-process.js'
import {
  graceMs,
  isReady,
  Nodes,
  nodeEvents,
  passMs,
  startMonitor,
  startNats,
  statusOf,
  subjects,
} from './fleet-run.js'

test.serial('a node that stops is called Unknown, and Ready when it is back: an event each, and the label', async t => {
  const nats = await startNats(t)
  const { address, client } = await coordinator(t)
  const nodes = await Nodes.start(t, address, ['n-1', 'n-2.eu.example'])
  const monitor = startMonitor(t, address, nats)
  await until(() => isReady(client, 'n-1', 'n-2.eu.example'))
  nodes.stop('n-2.eu.example')
  await until(async () => (await statusOf(client, 'n-2.eu.example')) === 'Unknown')
  await nodes.start('n-2.eu.example')
  await until(() => isReady(client, 'n-2.eu.example'))
  await until(async () => (await subjects(nats)).length === 4)
  monitor.process.kill('SIGTERM')
  t.is(await monitor.exitCode(), 0)

  const told = await nodeEvents(nats)
  t.deepEqual(told.map(({ subject }) => subject).toSorted(), [
    'nodes.n-1.ready',
    'nodes.n-2.eu.example.ready',
    'nodes.n-2.eu.example.ready',
    'nodes.n-2.eu.example.unknown',
  ])
  const unknown = told.find(({ subject }) => subject.endsWith('unknown'))
  const lease = await client.get({ namespace: 'kube-system', name: 'node-monitor' })
  t.is(lease.state, 'released')
  t.like(unknown?.data, {
    node: 'n-2.eu.example',
    status: 'Unknown',
    previousStatus: 'Ready',
    holderIdentity: 'n-2.eu.example',
  })
  t.like(unknown?.data, { monitorFencingToken: String(lease.fencingToken) })
  t.true((unknown?.data.silentForMs ?? 0) > graceMs)
  t.regex(unknown?.data.reason ?? '', /^no heartbeat for \d+ s$/)
  t.regex(unknown?.data.lastHeartbeat ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  t.like(Object.fromEntries(unknown?.headers ?? []), {
    'ce-specversion': '1.0',
    'ce-type': 'dev.leasehold.node.unknown',
    'ce-source': '/leasehold/nodes/kube-node-lease',
    'ce-subject': 'n-2.eu.example',
    'content-type': 'application/json',
  })
  t.is(unknown?.headers.get('ce-id'), unknown?.headers.get('Nats-Msg-Id'))
})

test.serial('the other labels of a node are kept', async t => {
  const { address, client } = await coordinator(t)
  const lease = { namespace: 'kube-node-lease', name: 'n-1' }
  await client.create({ ...lease, holderIdentity: 'n-1', leaseDurationMs: 60_000, labels: { zone: 'a' } })
  startMonitor(t, address, undefined)
  await until(async () => (await statusOf(client, 'n-1')) === 'Unknown')
  t.deepEqual((await client.get(lease)).labels, { zone: 'a', 'leasehold.dev/node-status': 'Unknown' })
})

test.serial(
  'a change of monitor: the next one waits its turn, gives every node its grace afresh, repeats nothing',
  async t => {
    const nats = await startNats(t)
    const { address, client } = await coordinator(t)
    const nodes = await Nodes.start(t, address, ['n-1', 'n-2'])
    const first = startMonitor(t, address, nats)
    await until(() => isReady(client, 'n-1', 'n-2'))
    const second = startMonitor(t, address, nats)
    await until(() => second.log().includes('another one leads'))
    t.false(second.log().includes('watching the nodes'))
    nodes.stop('n-2')
    await passMs(graceMs / 2)
    first.process.kill('SIGKILL')
    await until(() => second.log().includes('watching the nodes'))
    const begunMs = performance.now()
    t.is(await statusOf(client, 'n-2'), 'Ready')
    await until(async () => (await statusOf(client, 'n-2')) === 'Unknown')
    t.true(performance.now() - begunMs > graceMs * 0.9)
    t.deepEqual((await subjects(nats)).toSorted(), ['nodes.n-1.ready', 'nodes.n-2.ready', 'nodes.n-2.unknown'])
  },
)

test.serial(
  'a monitor without NATS goes on with labels, and tells the newest status of each node when NATS is there',
  async t => {
    const nats = await startNats(t)
    const { address, client } = await coordinator(t)
    const nodes = await Nodes.start(t, address, ['n-1', 'n-2'])
    startMonitor(t, address, nats)
    await until(async () => (await subjects(nats)).length === 2)
    await nats.kill()
    nodes.stop('n-2')
    await until(async () => (await statusOf(client, 'n-2')) === 'Unknown')
    await nats.start()
    await until(async () => (await subjects(nats)).length === 3)
    t.is((await subjects(nats)).at(-1), 'nodes.n-2.unknown')
  },
)

test.serial('a NATS that hangs holds neither labels up nor the end of the monitor', async t => {
  const nats = await startNats(t)
  const { address, client } = await coordinator(t)
  const nodes = await Nodes.start(t, address, ['n-1', 'n-2'])
  const monitor = startMonitor(t, address, nats)
  await until(async () => (await subjects(nats)).length === 2)
  nats.signal('SIGSTOP')
  nodes.stop('n-2')
  await until(async () => (await statusOf(client, 'n-2')) === 'Unknown')
  monitor.process.kill('SIGTERM')
  t.is(await monitor.exitCode(), 0)
  t.is((await client.get({ namespace: 'kube-system', name: 'node-monitor' })).state, 'released')
})

test.serial('a NATS without JetStream tells those who listen', async t => {
  const nats = await startNats(t, false)
  const { address } = await coordinator(t)
  const connection = await connect({ servers: nats.url })
  t.teardown(() => connection.close())
  const heard: string[] = []
  connection.subscribe('nodes.>', { callback: (_, { subject }) => heard.push(subject) })
  await connection.flush()
  await Nodes.start(t, address, ['n-1'])
  const monitor = startMonitor(t, address, nats)
  await until(() => heard.includes('nodes.n-1.ready'))
  t.regex(monitor.log(), /no JetStream/)
})

test.serial(
  'when all nodes fall silent at once, none is called Unknown; log, health file and NATS say why',
  async t => {
    const nats = await startNats(t)
    const { address, client } = await coordinator(t)
    const names = ['n-1', 'n-2', 'n-3', 'n-4']
    const nodes = await Nodes.start(t, address, names)
    const monitor = startMonitor(t, address, nats, '--health-file', 'health.json', '--metrics', '127.0.0.1:0')
    await until(() => isReady(client, ...names))
    nodes.stop(...names)
    await until(async () => (await subjects(nats)).includes('nodes._disruption.began'))
    await until(async () => (await monitor.read('health.json')).includes('disruption: 4 of 4 nodes'))
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(monitor.log()) ?? []
    const metrics = await (await fetch(url)).text()
    t.regex(metrics, /^leasehold_nodes\{status="ready",agent="node-monitor"\} 4$/m)
    t.regex(metrics, /^leasehold_node_monitor_disruption\{agent="node-monitor"\} 1$/m)
    await passMs(graceMs)
    t.true(await isReady(client, ...names))
    await Promise.all(names.map(name => nodes.start(name)))
    await until(async () => (await subjects(nats)).includes('nodes._disruption.ended'))
    t.false((await subjects(nats)).some(subject => subject.endsWith('unknown')))
    t.is(monitor.log().split('most nodes are silent at once').length, 2)
  },
)
