import test from 'ava'
import { connect, headers, type NatsConnection } from 'nats'
import { startLeasectl } from '../support/leasectl.js'
import { NatsServer } from '../support/nats.js'
import { until } from '../support/until.js'

let nats: NatsServer
let connection: NatsConnection

test.before(async () => {
  nats = await NatsServer.start({ jetStream: false })
  connection = await connect({ servers: nats.url })
})

test.after.always(async () => {
  await connection.close()
  await nats.remove()
})

/** Publishes an event as the coordinator does. */
function publish(type: string, name: string): void {
  const head = headers()
  head.set('ce-type', `dev.leasehold.lease.${type}`)
  head.set('ce-time', '2026-11-22T21:51:00.123456Z')
  const data = {
    metadata: { namespace: 'default', name },
    spec: { holderIdentity: 'a' },
    fencingToken: '42',
    revision: '43',
  }
  connection.publish(`leases.default.${type}.${name}`, JSON.stringify(data), { headers: head })
}

/** Publishes until it is seen: a subscription takes its time. */
const untilSeen = (run: { stdout(): string }, publishAgain: () => void) =>
  until(() => {
    publishAgain()
    return run.stdout() !== ''
  })

test('events prints a line an event until it is stopped', async t => {
  const run = startLeasectl('events', '--nats', nats.url, 'leases.*.acquired.a')
  await untilSeen(run, () => publish('acquired', 'a'))
  run.stop()
  t.is(await run.exitCode, 0)
  t.is(run.stdout().split('\n')[0], '2026-11-22T21:51:00.123Z  acquired     default/a  holder=a  token=42')
})

test('a subject selects events', async t => {
  const run = startLeasectl('events', '--nats', nats.url, 'leases.*.expired.>')
  await untilSeen(run, () => {
    publish('renewed', 'b.c')
    publish('expired', 'b.c')
  })
  run.stop()
  await run.exitCode
  t.notRegex(run.stdout(), /renewed/)
  t.regex(run.stdout(), /expired {6}default\/b\.c/)
})

test('-o json prints the data of each event on a line', async t => {
  const run = startLeasectl('events', '--nats', nats.url, 'leases.*.*.j', '-o', 'json')
  await untilSeen(run, () => publish('acquired', 'j'))
  run.stop()
  await run.exitCode
  const [line = ''] = run.stdout().split('\n')
  t.like(JSON.parse(line), { metadata: { namespace: 'default', name: 'j' }, fencingToken: '42' })
})
