import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { leaseSelection } from '../../../services/coordinator/kubernetes/lease-selection.js'
import { type Format, negotiateStream } from '../../../services/coordinator/kubernetes/negotiation.js'
import { type KubernetesWatch, KubernetesWatches } from '../../../services/coordinator/kubernetes/watch.js'
import { watchQuery } from '../../../services/coordinator/kubernetes/watch-query.js'
import { OpenWatches } from '../../../services/coordinator/reads/open-watches.js'
import { leader } from '../../support/core.js'
import { settle } from '../../support/virtual-clock.js'
import { VirtualCoordinator } from '../../support/virtual-coordinator.js'
import { fixedRandom } from '../../support/virtual-random.js'

export const { namespace } = leader
export const windowSize = 20
export const maxWatches = 3

export interface Context {
  world: VirtualCoordinator
  watches: KubernetesWatches
  openWatches: OpenWatches
}

/** The real coordinator, whose time passes when told, and its watches without HTTP. */
export const test = anyTest as TestFn<Context>

test.beforeEach(async t => {
  const world = await VirtualCoordinator.start({ windowSize })
  const { coordinator, clock } = world
  const openWatches = new OpenWatches(maxWatches)
  const watches = new KubernetesWatches({ coordinator, clock, random: fixedRandom(0.5), openWatches })
  t.context = { world, watches, openWatches }
})

test.afterEach.always(t => {
  t.context.world.crash()
  t.deepEqual(t.context.world.failures, [])
})

/** An event as a client reads it; of its object what tests look at. */
export interface Event {
  readonly type: string
  readonly object: {
    readonly kind: string
    readonly apiVersion: string
    readonly metadata: {
      readonly name: string
      readonly resourceVersion: string
      readonly annotations?: Readonly<Record<string, string>>
      readonly labels?: Readonly<Record<string, string>>
    }
    readonly [field: string]: unknown
  }
}

/** A watch with a client that reads, unless told otherwise. */
export class TestWatch {
  readonly #world: VirtualCoordinator
  /** What was sent, as it was sent together. */
  readonly chunks: Buffer[] = []
  #untaken: (() => void)[] = []
  readonly #watch: KubernetesWatch
  isReading = true
  hasEnded = false
  failure: unknown

  constructor({ world, watches }: Context, query: string, format: Format) {
    this.#world = world
    const parameters = new URLSearchParams(query)
    this.#watch = watches.begin({
      query: watchQuery(parameters, leaseSelection({ namespace: '', query: parameters })),
      format,
      write: (events, onTaken) => {
        this.chunks.push(events)
        this.#untaken.push(onTaken)
        if (this.isReading) void settle().then(() => this.read())
      },
    })
    this.#watch
      .run()
      .catch(error => {
        this.failure = error
      })
      .finally(() => {
        this.hasEnded = true
      })
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get events(): Event[] {
    const lines = this.bytes.toString().split('\n')
    return lines.slice(0, -1).map(line => JSON.parse(line))
  }

  /** The same, as [type, name]. */
  get told(): string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim())
  }

  /** The client reads what was sent. */
  read(): void {
    for (const onTaken of this.#untaken.splice(0)) onTaken()
  }

  hangUp(): void {
    this.#watch.end()
  }

  /** Lets everything happen that can happen now. */
  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) await this.#world.pass(0)
  }
}

/** Begins a watch, and lets it tell how things are. */
export async function watch(
  t: ExecutionContext<Context>,
  query: string,
  accept = 'application/json',
): Promise<TestWatch> {
  const begun = new TestWatch(t.context, query, negotiateStream(accept, new URLSearchParams(query)))
  await begun.settle()
  return begun
}

/** Runs a decision, and waits until everybody has heard of it. */
export async function decided<T>({ world }: Context, decision: Promise<T>): Promise<T> {
  for (let round = 0; round < 5; round++) await world.pass(0)
  return decision
}

export const create = (context: Context, name: string, labels: Readonly<Record<string, string>> = {}) =>
  decided(
    context,
    context.world.ask(`create ${name}`, 'write', ({ core }, time) =>
      core.create({ namespace, name, changes: { labels } }, time),
    ),
  )

export const relabel = (context: Context, name: string, labels: Readonly<Record<string, string>>) =>
  decided(
    context,
    context.world.ask(`update ${name}`, 'write', ({ core }, time) =>
      core.update({ namespace, name, changes: { labels } }, time),
    ),
  )

export const remove = (context: Context, name: string) =>
  decided(
    context,
    context.world.ask(`delete ${name}`, 'keep', ({ core }, time) => core.delete({ namespace, name }, time)),
  )

/** Acquires a lease for 15 s; its token. */
export const acquire = (context: Context, name: string) => decided(context, context.world.acquire(name))

export const renew = (context: Context, name: string, token: number) =>
  decided(context, context.world.renew(name, token))

/** Moves the window past every change so far. */
export async function moveWindow(context: Context): Promise<void> {
  for (let index = 0; index <= windowSize; index++) await create(context, `filler${index}`)
}
