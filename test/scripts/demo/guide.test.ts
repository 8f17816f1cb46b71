import test from 'ava'
import { ClaimFailed, Guide } from '../../../scripts/demo/guide.js'
import { VirtualClock } from '../../support/virtual-clock.js'

function guide(clock = new VirtualClock()): { guide: Guide; printed: () => string } {
  let printed = ''
  const write = (text: string): void => {
    printed += text
  }
  return { guide: new Guide({ clock, signal: new AbortController().signal, write }), printed: () => printed }
}

test('steps are numbered, and claims that follow each other stand together', t => {
  const { guide: it, printed } = guide()
  it.step('First')
  it.say('a line', 'and another')
  it.claim('one is one', true, '')
  it.claim('two is two', true, '')
  it.show('date', 'today\n')
  it.step('Second')
  t.is(
    printed(),
    '\n1. First\n\n   a line\n   and another\n\n   ✔ one is one\n   ✔ two is two\n\n   $ date\n   today\n\n2. Second\n',
  )
})

test('a claim that is not so fails with what was seen', t => {
  const { guide: it, printed } = guide()
  const error = t.throws(() => it.claim('one is two', false, 'one'), { instanceOf: ClaimFailed })
  t.is(error.message, 'not so: one is two; seen: one')
  t.is(printed(), '')
})

test('a wait gives what it finds, and a look that throws has found nothing', async t => {
  const clock = new VirtualClock()
  const { guide: it } = guide(clock)
  let looks = 0
  const found = it.until(
    'it is there',
    () => {
      looks += 1
      if (looks === 1) throw new Error('not even started')
      return looks === 3 ? 'here' : undefined
    },
    () => '',
  )
  await clock.run(1_000)
  t.is(await found, 'here')
})

test('a wait ends after a minute with what was seen last', async t => {
  const clock = new VirtualClock()
  const { guide: it } = guide(clock)
  const waiting = it.until(
    'it is there',
    () => undefined,
    () => 'nothing',
  )
  const failed = t.throwsAsync(waiting, { instanceOf: ClaimFailed })
  await clock.run(61_000)
  t.is((await failed)?.message, 'not within 60 s: it is there; seen: nothing')
})
