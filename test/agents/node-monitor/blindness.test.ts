import test, { type ExecutionContext } from 'ava'
import { connectClient } from '../../../client/index.js'
import { CoordinatorProcess } from '../../support/coordinator-process.js'
import { startTcpProxy } from '../../support/tcp-proxy.js'
import { until } from '../../support/until.js'
import { type AgentProcess, coordinator } from '../agent-process.js'
import { graceMs, isReady, Nodes, passMs, startMonitor, statusOf } from './fleet-run.js'

const names = ['n-1', 'n-2'] as const

const hasCalled = (monitor: AgentProcess, name: string): boolean =>
  monitor.log().includes(`"node":"${name}"`) && new RegExp(`"node":"${name}".*the node is Unknown`).test(monitor.log())

/** Afterwards the monitor sees again: it calls the one that stops now Unknown, and had called nobody before. */
async function seesAgain(t: ExecutionContext, monitor: AgentProcess, nodes: Nodes): Promise<void> {
  t.notRegex(monitor.log(), /the node is Unknown/)
  nodes.stop('n-2')
  await until(() => hasCalled(monitor, 'n-2'))
  t.false(hasCalled(monitor, 'n-1'))
}

test.serial(
  'a monitor that is stopped for longer than the grace period and continued calls nobody Unknown',
  async t => {
    const { address, client } = await coordinator(t)
    const nodes = await Nodes.start(t, address, names)
    const monitor = startMonitor(t, address, undefined, '--lease-duration', '600s')
    await until(() => isReady(client, ...names))
    for (let times = 0; times < 2; times++) {
      monitor.process.kill('SIGSTOP')
      await passMs(graceMs * 1.5)
      monitor.process.kill('SIGCONT')
      await until(() => monitor.log().split('could not see the nodes').length > times + 1)
    }
    await seesAgain(t, monitor, nodes)
  },
)

test.serial('a monitor that was stopped, and replaced meanwhile, tells nothing when it is continued', async t => {
  const { address, client } = await coordinator(t)
  const nodes = await Nodes.start(t, address, names)
  const deposed = startMonitor(t, address, undefined)
  await until(() => isReady(client, ...names))
  const next = startMonitor(t, address, undefined)
  await until(() => next.log().includes('another one leads'))
  nodes.stop('n-2')
  deposed.process.kill('SIGSTOP')
  await until(() => hasCalled(next, 'n-2'))
  deposed.process.kill('SIGCONT')
  await until(() => deposed.log().includes('no longer leading'))
  t.notRegex(deposed.log(), /the node is Unknown/)
  await until(async () => (await statusOf(client, 'n-2')) === 'Unknown')
})

test.serial('a partition between monitor and coordinator calls nobody Unknown', async t => {
  const { address, client } = await coordinator(t)
  const proxy = await startTcpProxy(address)
  t.teardown(() => proxy.stop())
  const nodes = await Nodes.start(t, address, names)
  const monitor = startMonitor(t, proxy.address, undefined)
  await until(() => isReady(client, ...names))
  proxy.freeze()
  await until(() => monitor.log().includes('could not see the nodes'))
  await passMs(graceMs)
  await seesAgain(t, monitor, nodes)
})

for (const [title, disturb] of [
  [
    'a coordinator that is stopped for longer than the grace period and continued: nobody is Unknown',
    async (running: CoordinatorProcess) => {
      running.signal('SIGSTOP')
      await passMs(graceMs * 1.5)
      running.signal('SIGCONT')
    },
  ],
  [
    'a coordinator that is killed and comes back: nobody is Unknown',
    async (running: CoordinatorProcess) => {
      await running.kill()
      await passMs(graceMs * 1.5)
      await running.start()
    },
  ],
] as const) {
  test.serial(title, async t => {
    const running = await CoordinatorProcess.start(t)
    const client = connectClient({ addresses: [running.address] })
    t.teardown(() => client.close({ release: false }))
    const nodes = await Nodes.start(t, running.address, names)
    // Longer than a client needs to find the coordinator again.
    const monitor = startMonitor(t, running.address, undefined, '--grace-period', '8s', '--lease-duration', '600s')
    await until(() => isReady(client, ...names))
    await disturb(running)
    await until(() => monitor.log().includes('could not see the nodes'))
    await passMs(graceMs)
    await seesAgain(t, monitor, nodes)
  })
}
