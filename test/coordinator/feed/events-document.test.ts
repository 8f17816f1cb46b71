import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import test, { type ExecutionContext } from 'ava'
import { systemRandom, uuid } from '../../../clock/random.js'
import { systemClock } from '../../../clock/system-clock.js'
import { streamSubjects } from '../../../services/coordinator/feed/cloud-event.js'
import { NatsPublisher } from '../../../services/coordinator/feed/nats-publisher.js'
import { Outbox } from '../../../services/coordinator/feed/outbox.js'
import { transitionTypes } from '../../../services/coordinator/lease/records.js'
import { NatsServer } from '../../support/nats.js'
import { until } from '../../support/until.js'
import { transition } from './samples.js'

const document = await readFile('docs/events.md', 'utf8')
const consumerSource = /```js\n(.*?)```/s.exec(document)?.[1] ?? ''

/** The document's consumer as a process of its own, and the lines that it printed. */
class Consumer {
  readonly lines: string[] = []
  readonly #process: ChildProcess
  #failure = ''

  constructor(t: ExecutionContext, url: string) {
    this.#process = spawn(process.execPath, ['--input-type=module', '--eval', consumerSource], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NATS_URL: url },
    })
    let text = ''
    this.#process.stdout?.on('data', chunk => {
      text += chunk
      this.lines.splice(0, this.lines.length, ...text.split('\n').slice(0, -1))
    })
    this.#process.stderr?.on('data', chunk => {
      this.#failure += chunk
    })
    t.teardown(() => this.stop())
  }

  async printed(count: number): Promise<void> {
    await until(() => {
      if (this.#process.exitCode !== null) throw new Error(`the consumer has ended: ${this.#failure}`)
      return this.lines.length >= count
    })
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }
}

test('the consumer of the document has at most 15 lines', t => {
  const lines = consumerSource.split('\n').filter(line => line.trim() !== '')
  t.true(lines.length > 0 && lines.length <= 15, `${lines.length} lines`)
})

test('the consumer of the document hears every event in order, and goes on where it stopped', async t => {
  const nats = await NatsServer.prepare()
  t.teardown(() => nats.remove())
  await nats.start()
  const outbox = new Outbox()
  const publisher = new NatsPublisher({
    url: nats.url,
    journalId: uuid(systemRandom),
    outbox,
    clock: systemClock,
    random: systemRandom,
    log: { info: () => {}, warn: () => {} },
    renewedEvents: false,
    onPublished: () => {},
  })
  t.teardown(() => publisher.close(0))
  const publish = async (fromRevision: number, throughRevision: number): Promise<string[]> => {
    const lines: string[] = []
    for (let revision = fromRevision; revision <= throughRevision; revision += 1) {
      const type = transitionTypes[revision % transitionTypes.length] ?? 'created'
      outbox.add(transition(revision, { name: `ip-10.ec2.${revision}` }, { type }), systemClock.monotonicMs())
      lines.push(`${type} kube-system/ip-10.ec2.${revision} host-a ${revision}`)
    }
    publisher.notify()
    await until(() => outbox.isEmpty)
    return lines
  }

  const first = await publish(1, 20)
  const before = new Consumer(t, nats.url)
  await before.printed(20)
  t.deepEqual(before.lines, first)

  const second = await publish(21, 30)
  await before.printed(30)
  await before.stop()
  const third = await publish(31, 40)
  const after = new Consumer(t, nats.url)
  await after.printed(10)
  // The last acknowledgement may have been on its way when the process was killed: at least once.
  t.deepEqual(
    after.lines.filter(line => !second.includes(line)),
    third,
  )
})

test('the document names every event and cause, and the subject of gaps', t => {
  for (const type of [...transitionTypes, 'renewed']) t.true(document.includes(`| \`${type}\` |`), type)
  for (const cause of ['superseded', 'kubernetes-write', 'unconfirmed', 'revoked']) {
    t.true(document.includes(`\`${cause}\``), cause)
  }
  t.true(streamSubjects.filter(subject => !subject.startsWith('leases.*')).every(subject => document.includes(subject)))
})
