import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { exitCodes } from '../../services/coordinator/exit-codes.js'
import { Churn } from '../support/churn.js'
import { CoordinatorProcess } from '../support/coordinator-process.js'
import { listAll } from '../support/list-all.js'
import { Tokens } from '../support/tokens.js'
import { Results } from './results.js'

test.serial(
  'rule 1: a second coordinator on the same journal is refused in one line, and the first goes on',
  async t => {
    const first = await CoordinatorProcess.start(t)
    const client = first.client(t)
    const lease = { namespace: 'default', name: 'job', holderIdentity: 'worker', leaseDurationMs: 60_000 }
    const { fencingToken } = (await client.acquireOnce(lease)).lease
    const second = await CoordinatorProcess.prepare(t, { directory: first.directory })
    second.spawn()
    t.is((await second.ended).code, exitCodes.journalTaken)
    t.is(second.lines.length, 1, second.lines.join('\n'))
    t.regex(second.lines[0] ?? '', /^leasehold coordinator: the journal in \S+ is in use by process \d+/)
    t.is((await client.renew({ ...lease, fencingToken })).lease.fencingToken, fencingToken)
  },
)

const title =
  'rule 1: a second coordinator that gets past the refusal deposes the first, which acknowledges nothing more, and ends'

test.serial(title, async t => {
  const first = await CoordinatorProcess.start(t)
  const tokens = new Tokens()
  const client = first.client(t)
  const churn = new Churn(client, tokens, { lanes: 8, prefix: 'churn' })
  t.teardown(() => churn.stop())
  await churn.progress(100)
  await rm(join(first.directory, 'coordinator.pid'))
  const second = await CoordinatorProcess.start(t, { directory: first.directory })
  t.deepEqual(await first.ended, { code: exitCodes.journalTaken, signal: null })
  const lastLine = first.lines.at(-1) ?? ''
  t.regex(lastLine, /"level":60.*another coordinator has opened the journal/)

  await churn.stop()
  // Whatever the first had acknowledged after it was deposed would be missing here.
  t.deepEqual(churn.missing(await listAll(second.client(t))), [])
  t.deepEqual([churn.faults, tokens.faults], [[], []])
  const results = new Results('a second coordinator')
  results.injected('coordinator deposed')
  results.add({ 'acknowledged writes': churn.acknowledged, tokens: tokens.size })
  results.write(t)
})

test.serial('rule 1: a deposed coordinator that is idle ends by itself, and answers no more reads', async t => {
  const first = await CoordinatorProcess.start(t)
  const name = { namespace: 'default', name: 'job' }
  await first.client(t).create(name)
  await rm(join(first.directory, 'coordinator.pid'))
  const second = await CoordinatorProcess.start(t, { directory: first.directory })
  t.is((await first.ended).code, exitCodes.journalTaken)
  t.deepEqual((await second.client(t).get(name)).labels, {})
})
