import type { ExecutionContext, TestFn } from 'ava'
import {
  type Journal,
  JournalCorrupt,
  JournalFailed,
  JournalFenced,
} from '../../../services/coordinator/journal/journal.js'

/** One place where a journal lives. */
export interface Place {
  /** Opens the journal there. `besides`: although it is open already, as a process would that got past every courtesy. */
  open(options?: { besides: boolean }): Promise<Journal>
}

/** The rules of every home. `makePlace` makes an empty place that goes away with the test. */
export function conforms(test: TestFn, makePlace: (t: ExecutionContext) => Promise<Place>): void {
  const rule = (title: string, run: (t: ExecutionContext, place: Place) => Promise<void>) =>
    test(title, async t => run(t, await makePlace(t)))

  rule('a new journal has a UUID, epoch 1 and no entries', async (t, place) => {
    const journal = await place.open()
    t.regex(journal.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    t.is(journal.epoch, 1)
    t.is(journal.lastSequence, 0)
    t.is(journal.readSnapshot(), undefined)
    t.deepEqual(await entries(journal), [])
  })

  rule('entries are read in the order in which they were appended', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a', 'b', 'c')
    t.is(journal.lastSequence, 3)
    t.deepEqual(await entries(journal), ['1 a', '2 b', '3 c'])
    t.deepEqual(await entries(journal, 3), ['3 c'])
    t.deepEqual(await entries(journal, 4), [])
  })

  rule('the bytes of an entry may be used again once it is appended', async (t, place) => {
    const journal = await place.open()
    const bytes = Buffer.from([0, 1, 254, 255])
    await journal.append(bytes, 1)
    bytes.fill(9)
    for await (const { entry } of journal.read(1)) t.deepEqual([...entry], [0, 1, 254, 255])
  })

  rule('an append under another sequence than the next one is refused', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a')
    for (const sequence of [0, 1, 3])
      await t.throwsAsync(journal.append(bytes('x'), sequence), { instanceOf: RangeError })
    await append(journal, 'b')
    t.deepEqual(await entries(journal), ['1 a', '2 b'])
  })

  rule('a journal that is opened again has its id, its entries and a greater epoch', async (t, place) => {
    const first = await place.open()
    await append(first, 'a', 'b')
    await first.close()
    const second = await place.open()
    t.is(second.id, first.id)
    t.is(second.epoch, first.epoch + 1)
    t.is(second.lastSequence, 2)
    await append(second, 'c')
    t.deepEqual(await entries(second), ['1 a', '2 b', '3 c'])
  })

  rule('a second open fences the first writer: its append fails and writes nothing', async (t, place) => {
    const first = await place.open()
    await append(first, 'a')
    const second = await place.open({ besides: true })
    t.true(second.epoch > first.epoch)
    await t.throwsAsync(append(first, 'old'), { instanceOf: JournalFenced })
    t.deepEqual(await entries(second), ['1 a'])
    await append(second, 'b')
    await t.throwsAsync(append(first, 'old'), { instanceOf: JournalFenced })
    t.deepEqual(await entries(second), ['1 a', '2 b'])
  })

  rule('a writer is told that it is one, and when another has opened the journal, that it is not', async (t, place) => {
    const first = await place.open()
    await t.notThrowsAsync(first.checkOwner())
    await place.open({ besides: true })
    await t.throwsAsync(first.checkOwner(), { instanceOf: JournalFenced })
  })

  rule('a fenced writer can neither trim nor commit a snapshot', async (t, place) => {
    const first = await place.open()
    await append(first, 'a', 'b')
    const snapshot = first.beginSnapshot(3)
    await snapshot.write(bytes('old'))
    const second = await place.open({ besides: true })
    await t.throwsAsync(first.trim(2), { instanceOf: JournalFenced })
    await t.throwsAsync(snapshot.write(bytes('old')), { instanceOf: JournalFenced })
    await t.throwsAsync(snapshot.commit(), { instanceOf: JournalFenced })
    t.is(second.readSnapshot(), undefined)
    t.deepEqual(await entries(second), ['1 a', '2 b'])
  })

  rule('an entry of 512 KiB comes back byte by byte', async (t, place) => {
    const journal = await place.open()
    const large = Uint8Array.from({ length: 512 * 1024 }, (_, index) => (index * 31 + (index >> 8)) & 0xff)
    await journal.append(large, 1)
    await append(journal, 'b')
    await journal.close()
    const read: Uint8Array[] = []
    for await (const { entry } of (await place.open()).read(1)) read.push(entry)
    t.is(read.length, 2)
    t.true(Buffer.from(large).equals(read[0] ?? new Uint8Array()))
    t.is(String(Buffer.from(read[1] ?? [])), 'b')
  })

  rule('entries of all lengths around those of pages come back whole, and go whole', async (t, place) => {
    const journal = await place.open()
    const lengths = [0, 1, 2_034, 4_071, 4_072, 4_073, 8_144, 8_145, 40_000, 3]
    const written = lengths.map((length, index) => Buffer.alloc(length, index + 1))
    for (const [index, entry] of written.entries()) await journal.append(entry, index + 1)
    const read = async (from: number): Promise<Buffer[]> => {
      const found: Buffer[] = []
      for await (const { entry } of journal.read(from)) found.push(Buffer.from(entry))
      return found
    }
    t.deepEqual(await read(1), written)
    t.deepEqual(await read(8), written.slice(7))
    await journal.trim(9)
    await t.throwsAsync(read(8), { instanceOf: JournalCorrupt })
    t.deepEqual(await read(9), written.slice(8))
  })

  rule('many entries stay what they are while later ones are read', async (t, place) => {
    const journal = await place.open()
    const texts = Array.from({ length: 200 }, (_, index) => `entry ${index} ${'x'.repeat(index)}`)
    await append(journal, ...texts)
    t.deepEqual(
      await entries(journal),
      texts.map((text, index) => `${index + 1} ${text}`),
    )
  })

  rule('a committed snapshot is read piece by piece with the sequence at which it began', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a', 'b')
    const snapshot = journal.beginSnapshot(3)
    const large = 'p'.repeat(2 ** 20)
    await snapshot.write(bytes('first'))
    await append(journal, 'c')
    await snapshot.write(bytes(large))
    t.is(journal.readSnapshot(), undefined)
    await snapshot.commit()
    t.deepEqual(await snapshotOf(journal), { sequence: 3, pieces: ['first', large] })
    await journal.close()
    t.deepEqual(await snapshotOf(await place.open()), { sequence: 3, pieces: ['first', large] })
  })

  rule('a commit replaces the snapshot before it at once', async (t, place) => {
    const journal = await place.open()
    await writeSnapshot(journal, 1, 'a', 'b', 'c')
    const next = journal.beginSnapshot(2)
    await next.write(bytes('d'))
    t.deepEqual(await snapshotOf(journal), { sequence: 1, pieces: ['a', 'b', 'c'] })
    await next.commit()
    t.deepEqual(await snapshotOf(journal), { sequence: 2, pieces: ['d'] })
  })

  rule('a snapshot that was never committed is gone after the next open', async (t, place) => {
    const first = await place.open()
    await writeSnapshot(first, 1, 'a')
    const lost = first.beginSnapshot(2)
    await lost.write(bytes('lost'))
    await lost.write(bytes('lost too'))
    await first.close()
    const second = await place.open()
    t.deepEqual(await snapshotOf(second), { sequence: 1, pieces: ['a'] })
    await writeSnapshot(second, 3, 'b')
    t.deepEqual(await snapshotOf(second), { sequence: 3, pieces: ['b'] })
  })

  rule('an abandoned snapshot leaves the one before it', async (t, place) => {
    const journal = await place.open()
    await writeSnapshot(journal, 1, 'a')
    const snapshot = journal.beginSnapshot(2)
    await snapshot.write(bytes('b'))
    await snapshot.abandon()
    t.deepEqual(await snapshotOf(journal), { sequence: 1, pieces: ['a'] })
    await writeSnapshot(journal, 3, 'c')
    t.deepEqual(await snapshotOf(journal), { sequence: 3, pieces: ['c'] })
  })

  rule('trim forgets the entries before a sequence, and no other', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a', 'b', 'c')
    await journal.trim(3)
    t.deepEqual(await entries(journal, 3), ['3 c'])
    await append(journal, 'd')
    await journal.close()
    t.deepEqual(await entries(await place.open(), 3), ['3 c', '4 d'])
  })

  rule('sequences go on after every entry was trimmed', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a', 'b')
    await journal.trim(3)
    await journal.close()
    const second = await place.open()
    t.is(second.lastSequence, 2)
    t.deepEqual(await entries(second, 3), [])
    await append(second, 'c')
    t.deepEqual(await entries(second, 3), ['3 c'])
  })

  rule('reading from an entry that is no longer there says so instead of skipping it', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a', 'b', 'c')
    await journal.trim(3)
    await t.throwsAsync(entries(journal, 2), { instanceOf: JournalCorrupt, message: /entry 2 / })
  })

  rule('appends go on during a long trim', async (t, place) => {
    const journal = await place.open()
    await append(journal, ...Array.from({ length: 1_200 }, (_, index) => `${index}`))
    const trimmed = journal.trim(1_200)
    await append(journal, 'x', 'y')
    await trimmed
    t.deepEqual(await entries(journal, 1_200), ['1200 1199', '1201 x', '1202 y'])
  })

  rule('a closed journal refuses to append', async (t, place) => {
    const journal = await place.open()
    await append(journal, 'a')
    await journal.close()
    await journal.close()
    await t.throwsAsync(append(journal, 'b'), { instanceOf: JournalFailed, message: /closed/ })
  })

  rule('free space is a number of bytes', async (t, place) => {
    t.true((await (await place.open()).freeBytes()) > 0)
  })
}

export const bytes = (text: string): Uint8Array => Buffer.from(text)

export async function append(journal: Journal, ...texts: string[]): Promise<void> {
  for (const text of texts) await journal.append(bytes(text), journal.lastSequence + 1)
}

export async function writeSnapshot(journal: Journal, sequence: number, ...pieces: string[]): Promise<void> {
  const snapshot = journal.beginSnapshot(sequence)
  for (const piece of pieces) await snapshot.write(bytes(piece))
  await snapshot.commit()
}

/** Each entry from `sequence` on as its sequence and text. */
export async function entries(journal: Journal, sequence = 1): Promise<string[]> {
  const read: { sequence: number; entry: Uint8Array }[] = []
  for await (const item of journal.read(sequence)) read.push(item)
  return read.map(item => `${item.sequence} ${Buffer.from(item.entry)}`)
}

async function snapshotOf(journal: Journal): Promise<{ sequence: number; pieces: string[] } | undefined> {
  const snapshot = journal.readSnapshot()
  if (!snapshot) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of snapshot.pieces) pieces.push(piece)
  return { sequence: snapshot.sequence, pieces: pieces.map(piece => String(Buffer.from(piece))) }
}
