import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { lastLogLine } from '../../../scripts/fleet/last-log-line.js'

const dir = mkdtempSync(join(tmpdir(), 'leasehold-log-'))
test.after.always(() => rmSync(dir, { recursive: true }))

let count = 0
const logOf = (text: string): string => {
  count += 1
  const file = join(dir, `${count}.log`)
  writeFileSync(file, text)
  return file
}

test('the last line that is not empty', t => {
  t.is(lastLogLine(logOf('first\nsecond  \n\n')), 'second')
})

test('of a JSON line, what it says to people', t => {
  t.is(
    lastLogLine(logOf('{"level":50,"msg":"the journal is in use","err":{"message":"busy"}}\n')),
    'the journal is in use: busy',
  )
  t.is(lastLogLine(logOf('{"level":50}\n')), '{"level":50}')
})

test('nothing of an empty log, or of none', t => {
  t.is(lastLogLine(logOf('')), '')
  t.is(lastLogLine(join(dir, 'none.log')), '')
})
