import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { open as openLmdb } from 'lmdb'
import { systemRandom } from '../../../clock/random.js'
import { type Journal, JournalFailed, JournalInUse } from '../../../services/coordinator/journal/journal.js'
import { openLmdbJournal } from '../../../services/coordinator/journal/lmdb-journal.js'
import { until } from '../../support/until.js'
import { startAppender } from './appender.js'
import { append, conforms, entries } from './conformance.js'

conforms(test, async t => {
  const directory = temporaryDirectory(t)
  return {
    async open({ besides } = { besides: false }) {
      if (besides) rmSync(lockOf(directory))
      return open(t, directory)
    },
  }
})

test('after kill -9 in the middle of appends every acknowledged entry is there, in order', async t => {
  const directory = temporaryDirectory(t)
  for (let round = 1; round <= 3; round++) {
    const appender = startAppender(t, directory, 17_000)
    await until(() => appender.acknowledged.length >= 50)
    appender.child.kill('SIGKILL')
    t.is(await appender.ended, 'SIGKILL')
    const journal = await open(t, directory)
    const last = appender.acknowledged.at(-1) ?? 0
    t.true(journal.lastSequence >= last)
    t.is(journal.epoch, round * 2)
    t.deepEqual(await sequences(journal), upTo(journal.lastSequence))
    await journal.close()
  }
})

test('a second process is refused, and told which process has the directory', async t => {
  const directory = temporaryDirectory(t)
  const appender = startAppender(t, directory, 100)
  await until(() => appender.isOpen)
  const error = await t.throwsAsync(open(t, directory), { instanceOf: JournalInUse })
  t.true(error?.message.includes(`${directory} is in use by process ${appender.pid}`))
  const second = startAppender(t, directory, 100)
  t.is(await second.ended, 1)
  t.regex(second.errors, /^JournalInUse: /)
  appender.child.kill('SIGKILL')
  await appender.ended
})

test('the lock of a process that was killed blocks nobody', async t => {
  const directory = temporaryDirectory(t)
  const appender = startAppender(t, directory, 100)
  await until(() => appender.isOpen)
  appender.child.kill('SIGKILL')
  await appender.ended
  t.regex(readFileSync(lockOf(directory), 'utf8'), new RegExp(`^${appender.pid} `))
  await t.notThrowsAsync(open(t, directory))
})

test('a process that gets past the lock fences the one before it, which has written nothing since', async t => {
  const directory = temporaryDirectory(t)
  const appender = startAppender(t, directory, 100)
  await until(() => appender.acknowledged.length >= 10)
  rmSync(lockOf(directory))
  const journal = await open(t, directory)
  const last = journal.lastSequence
  t.is(await appender.ended, 1)
  t.regex(appender.errors, /^JournalFenced: .*it is in epoch 2, this was 1/)
  t.deepEqual(appender.acknowledged, upTo(last))
  await append(journal, 'mine')
  t.is((await entries(journal, last + 1)).join(), `${last + 1} mine`)
})

test('a full disk fails the append once, without a stray rejection, and loses nothing acknowledged', async t => {
  const directory = temporaryDirectory(t)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'ignore' })
  } catch {
    t.log('skipped: mounting a small file system is not allowed here')
    t.pass()
    return
  }
  // Lazily: LMDB may still be letting go of its file.
  t.teardown(() => execFileSync('umount', ['--lazy', directory]))
  const appender = startAppender(t, directory, 100_000)
  t.is(await appender.ended, 1)
  t.true(appender.acknowledged.length > 0)
  t.regex(appender.errors, /^JournalFailed: the journal in .* failed: .*\d bytes are free there/m)
  t.notRegex(appender.errors, /STRAY REJECTION/)
  execFileSync('mount', ['-o', 'remount,size=64m', directory])
  const journal = await open(t, directory)
  t.true(journal.lastSequence >= appender.acknowledged.length)
  t.deepEqual(await sequences(journal), upTo(journal.lastSequence))
  await t.notThrowsAsync(append(journal, 'more'))
  await journal.close()
})

test('what is trimmed makes room for entries of other lengths: the file does not grow with time', async t => {
  const directory = temporaryDirectory(t)
  const journal = await open(t, directory)
  const sizes: number[] = []
  const bytes = Buffer.alloc(256 * 1024, 'x')
  for (let round = 0; round < 12; round++) {
    const snapshot = journal.beginSnapshot(journal.lastSequence + 1)
    for (let index = 0; index < 60; index++) {
      const length = 1_000 + (((round * 60 + index) * 7_919) % 60_000)
      await journal.append(bytes.subarray(0, length), journal.lastSequence + 1)
      if (index % 20 === 0) await snapshot.write(bytes)
    }
    await snapshot.commit()
    await journal.trim(journal.lastSequence - 9)
    sizes.push(statSync(join(directory, 'data.mdb')).size)
  }
  const [early = 0, late = 0] = [sizes[3], sizes.at(-1)]
  t.true(late < 1.15 * early, `the file grew from ${early} to ${late} bytes: ${sizes.join(', ')}`)
})

test('an entry and a piece that were written whole, before long ones were cut into pages, are read', async t => {
  const directory = temporaryDirectory(t)
  await (await open(t, directory)).close()
  const long = 'x'.repeat(20_000)
  const store = openLmdb<Buffer, string>({ path: directory, noSubdir: false, encoding: 'binary', maxDbs: 3 })
  const meta = store.openDB<Buffer, string>({ name: 'meta', encoding: 'binary', useVersions: true })
  await store.openDB<Buffer, number>({ name: 'entries', encoding: 'binary' }).put(1, Buffer.from(long))
  await store.openDB<Buffer, number[]>({ name: 'pieces', encoding: 'binary' }).put([1, 0], Buffer.from(long))
  await meta.put('lastSequence', Buffer.from('-'), 1)
  await meta.put('snapshot', Buffer.from(JSON.stringify({ id: 1, sequence: 1, pieces: 1 })), 0)
  await store.close()
  const journal = await open(t, directory)
  await append(journal, 'next')
  t.deepEqual(await entries(journal), [`1 ${long}`, '2 next'])
  const pieces: string[] = []
  for await (const piece of journal.readSnapshot()?.pieces ?? []) pieces.push(Buffer.from(piece).toString())
  t.deepEqual(pieces, [long])
})

test('a directory that cannot be one is refused by its name', async t => {
  const file = join(temporaryDirectory(t), 'file', 'journal')
  execFileSync('touch', [join(file, '..')])
  const error = await t.throwsAsync(open(t, file), { instanceOf: JournalFailed })
  t.true(error?.message.startsWith(`the journal in ${file} cannot be opened: `))
})

test('a directory whose name has a dot is a directory', async t => {
  const directory = join(temporaryDirectory(t), 'data.v1')
  await append(await open(t, directory), 'a')
  t.regex(readFileSync(lockOf(directory), 'utf8'), /^\d+ /)
})

const lockOf = (directory: string) => join(directory, 'coordinator.pid')

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

/** The sequences that the entries of an appender themselves tell, each checked against the journal's. */
async function sequences(journal: Journal): Promise<number[]> {
  return (await entries(journal)).map(line => {
    const [sequence, told] = line.split(' ', 2).map(Number)
    return sequence !== undefined && sequence === told ? sequence : Number.NaN
  })
}

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-journal-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function open(t: ExecutionContext, directory: string): Promise<Journal> {
  const journal = await openLmdbJournal(directory, { random: systemRandom })
  t.teardown(() => journal.close())
  return journal
}
