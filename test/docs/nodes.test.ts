import { readFileSync } from 'node:fs'
import test from 'ava'
import { agent } from '../../agents/node-monitor/agent.js'
import { nodeMessage } from '../../agents/node-monitor/node-event.js'
import { nodeLease } from '../agents/node-monitor/nodes.js'

const page = readFileSync(new URL('../../docs/nodes.md', import.meta.url), 'utf8')

test('the event that the page of nodes shows is one', t => {
  const [, example = ''] = /^```json\n(.*?)^```$/ms.exec(page) ?? []
  const shown = JSON.parse(example)
  const change = {
    node: 'node-2',
    status: 'Unknown',
    previousStatus: 'Ready',
    silentForMs: 51_204,
    fencingToken: 1,
  } as const
  const lease = nodeLease('node-2', { renewTime: shown.lastHeartbeat })
  const monitor = { namespace: 'n', holderIdentity: shown.monitor, fencingToken: Number(shown.monitorFencingToken) }
  t.deepEqual(JSON.parse(nodeMessage(change, lease, monitor, 0).data), shown)
})

test('the page of nodes has every option of the monitor', t => {
  for (const name of Object.keys(agent.options ?? {})) {
    const flag = `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
    t.true(page.includes(`\`${flag}\``), flag)
  }
})
