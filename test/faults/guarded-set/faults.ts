import { until } from '../../support/until.js'
import type { World } from './world.js'
import type { WriterProcess } from './writer-process.js'

/** What goes wrong in a world, by name; each resolves when it is over and a writer has added something since. */
export const faults = {
  async 'writer stopped'(world: World, random: () => number) {
    const writer = pick(world.writers, random)
    writer.signal('SIGSTOP')
    await pass(world.leaseDurationMs * (0.5 + 2 * random()))
    writer.signal('SIGCONT')
    await writer.adds()
  },
  /** The worst moment: its deadline passes, and somebody else adds something, before it writes what it had read. */
  async 'writer stopped before its write'(world: World, random: () => number) {
    const writer = pick(world.writers, random)
    await writer.stopBeforeWrite()
    await pickOther(world.writers, writer, random).adds()
    const { refused } = world.set
    writer.signal('SIGCONT')
    await until(() => world.set.refused > refused)
    await writer.adds()
  },
  async 'writer killed'(world: World, random: () => number) {
    const writer = pick(world.writers, random)
    await writer.kill()
    writer.start()
    await writer.adds()
  },
  async 'writer cut off'(world: World, random: () => number) {
    const writer = pick(world.writers, random)
    writer.way.begin()
    await pass(world.leaseDurationMs * (0.3 + 2 * random()))
    writer.way.end()
    await writer.adds()
  },
  async 'everybody cut off'(world: World, random: () => number) {
    for (const { way } of world.writers) way.begin()
    await pass(world.leaseDurationMs * (0.3 + random()))
    for (const { way } of world.writers) way.end()
    await pick(world.writers, random).adds()
  },
  async 'coordinator killed'(world: World, random: () => number) {
    await world.coordinator.kill()
    await world.coordinator.start()
    await pick(world.writers, random).adds()
  },
  async 'coordinator stopped'(world: World, random: () => number) {
    world.coordinator.signal('SIGSTOP')
    await pass(world.leaseDurationMs * (0.3 + 2 * random()))
    world.coordinator.signal('SIGCONT')
    await pick(world.writers, random).adds()
  },
} satisfies Record<string, (world: World, random: () => number) => Promise<void>>

export type FaultKind = keyof typeof faults
// Object.keys forgets that the keys are those of this object.
export const faultKinds = Object.keys(faults) as FaultKind[]

/** Lets a fault last: there is no condition to wait for but time. */
export async function pass(ms: number): Promise<void> {
  const endMs = performance.now() + ms
  await until(() => performance.now() >= endMs)
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new RangeError('there is nothing to pick from')
  return item
}

const pickOther = (writers: readonly WriterProcess[], one: WriterProcess, random: () => number): WriterProcess =>
  pick(
    writers.filter(writer => writer !== one),
    random,
  )
