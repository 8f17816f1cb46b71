import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { lockDirectory } from '../../../services/coordinator/journal/directory-lock.js'
import { JournalInUse } from '../../../services/coordinator/journal/journal.js'

test('a directory is taken by one at a time', t => {
  const directory = temporaryDirectory(t)
  const lock = lockDirectory(directory)
  const error = t.throws(() => lockDirectory(directory), { instanceOf: JournalInUse })
  t.true(error?.message.includes(`in ${directory} is in use by process ${process.pid}`))
  lock.release()
  t.notThrows(() => lockDirectory(directory))
})

test('a release leaves nothing behind', t => {
  const directory = temporaryDirectory(t)
  lockDirectory(directory).release()
  t.deepEqual(readdirSync(directory), [])
})

test('a release leaves the lock of another process alone', t => {
  const directory = temporaryDirectory(t)
  const lock = lockDirectory(directory)
  writeFileSync(fileOf(directory), '1 of another\n')
  lock.release()
  t.is(readFileSync(fileOf(directory), 'utf8'), '1 of another\n')
})

test('a lock is stale when another process has the number of the one that made it', t => {
  const directory = temporaryDirectory(t)
  lockDirectory(directory)
  const mark = readFileSync(fileOf(directory), 'utf8')
  const isTold = / \d+ /.test(mark)
  writeFileSync(fileOf(directory), mark.replace(/ \d+ /, ' 1 '))
  if (isTold) t.notThrows(() => lockDirectory(directory))
  else t.throws(() => lockDirectory(directory), { instanceOf: JournalInUse })
})

for (const content of ['', 'nonsense', '-1 0 0', '999999999 1 x\n']) {
  test(`a lock that names no living process is stale: ${JSON.stringify(content)}`, t => {
    const directory = temporaryDirectory(t)
    writeFileSync(fileOf(directory), content)
    t.notThrows(() => lockDirectory(directory))
  })
}

const fileOf = (directory: string) => join(directory, 'coordinator.pid')

function temporaryDirectory(t: ExecutionContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'leasehold-lock-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
