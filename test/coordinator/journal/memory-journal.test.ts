import test from 'ava'
import { systemRandom } from '../../../clock/random.js'
import { JournalFailed, JournalFenced } from '../../../services/coordinator/journal/journal.js'
import { MemoryStore, openMemoryJournal } from '../../../services/coordinator/journal/memory-journal.js'
import { append, bytes, conforms, entries } from './conformance.js'

conforms(test, async () => {
  const store = new MemoryStore(systemRandom)
  return { open: async () => openMemoryJournal(store) }
})

test('what was not flushed when the journal lost its store is not in it', async t => {
  const store = new MemoryStore(systemRandom)
  const first = openMemoryJournal(store)
  await append(first, 'a')
  const flushes: (() => void)[] = []
  store.beforeFlush = () => new Promise(resolve => flushes.push(resolve))
  const unflushed = first.append(bytes('b'), 2)
  const second = openMemoryJournal(store)
  for (const flush of flushes) flush()
  await t.throwsAsync(unflushed, { instanceOf: JournalFenced })
  t.deepEqual(await entries(second), ['1 a'])
})

test('after a failed append every further one fails', async t => {
  const store = new MemoryStore(systemRandom)
  const journal = openMemoryJournal(store)
  await append(journal, 'a')
  store.beforeFlush = async () => Promise.reject(new Error('disk full'))
  await t.throwsAsync(append(journal, 'b'), { instanceOf: JournalFailed, message: /disk full/ })
  store.beforeFlush = async () => {}
  await t.throwsAsync(append(journal, 'b'), { instanceOf: JournalFailed })
  t.deepEqual(await entries(openMemoryJournal(store)), ['1 a'])
})

test('the free space is what the store says', async t => {
  const store = new MemoryStore(systemRandom)
  store.freeBytes = 7
  t.is(await openMemoryJournal(store).freeBytes(), 7)
})
