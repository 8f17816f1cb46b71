import test from 'ava'
import fc from 'fast-check'
import { LeaseError } from '../../../services/coordinator/lease/errors.js'
import { parseLabelSelector } from '../../../services/coordinator/lease/label-selector.js'

const selects = (selector: string, labels: Record<string, string> | undefined) =>
  parseLabelSelector(selector, 'label_selector')(labels)

test('the empty selector selects everything', t => {
  t.true(selects('', undefined))
  t.true(selects('  ', { a: 'b' }))
})

test('a key alone selects what has it, with ! what has it not', t => {
  t.true(selects('a', { a: '' }))
  t.false(selects('a', { b: '' }))
  t.false(selects('!a', { a: '' }))
  t.true(selects('!a', undefined))
  t.true(selects('! a', {}))
})

test('= and == select by value', t => {
  for (const selector of ['a=b', 'a==b', ' a = b ', 'a\t==\nb']) {
    t.true(selects(selector, { a: 'b' }), selector)
    t.false(selects(selector, { a: 'c' }), selector)
    t.false(selects(selector, {}), selector)
  }
})

test('no value means the empty one', t => {
  t.true(selects('a=', { a: '' }))
  t.false(selects('a=', { a: 'b' }))
  t.true(selects('a=,b', { a: '', b: 'c' }))
})

test('!= and notin also select what has not the key', t => {
  for (const selector of ['a!=b', 'a notin (b)', 'a notin (x,b)']) {
    t.false(selects(selector, { a: 'b' }), selector)
    t.true(selects(selector, { a: 'c' }), selector)
    t.true(selects(selector, undefined), selector)
  }
})

test('in selects one of several values, the empty one too', t => {
  t.true(selects('a in (b,c)', { a: 'c' }))
  t.false(selects('a in (b,c)', { a: 'd' }))
  t.false(selects('a in (b,c)', {}))
  t.true(selects('a in (b,,c)', { a: '' }))
  t.true(selects('a in ()', { a: '' }))
  t.true(selects('a in (,)', { a: '' }))
  t.true(selects('a in(b)', { a: 'b' }))
})

test('in and notin may be keys and values', t => {
  t.true(selects('in in (in,notin)', { in: 'notin' }))
  t.true(selects('notin', { notin: '' }))
  t.true(selects('a=in', { a: 'in' }))
})

test('> and < compare whole numbers', t => {
  t.true(selects('a>1', { a: '2' }))
  t.false(selects('a>1', { a: '1' }))
  t.true(selects('a<1', { a: '0' }))
  t.false(selects('a<1', { a: 'x' }))
  t.false(selects('a<1', {}))
  t.true(selects('a>9007199254740992', { a: '9007199254740993' }))
})

test('all requirements must be met', t => {
  t.true(selects('a,b=c,!d', { a: 'x', b: 'c' }))
  t.false(selects('a,b=c,!d', { a: 'x', b: 'c', d: '' }))
})

test('a key that every object has by nature is not there', t => {
  t.false(selects('constructor', {}))
  t.true(selects('toString!=x', {}))
})

const wrong: Record<string, string> = {
  ',a': "found ',', expected: !, identifier, or 'end of string'",
  'a,': "found '', expected: identifier after ','",
  'a,,b': "found ',', expected: identifier after ','",
  'a b': "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
  'a=b c': "found 'c', expected: ',' or 'end of string'",
  'a in b': "unable to parse requirement: found 'b' expected: '('",
  'a in (b': "unable to parse requirement: found '', expected: ',' or ')'",
  'a in (b c)': "unable to parse requirement: found 'c', expected: ',' or ')'",
  'a==!b': "unable to parse requirement: found '!', expected: identifier",
  '!': "unable to parse requirement: found '', expected: identifier",
  '!!a': "unable to parse requirement: found '!', expected: identifier",
  'a>b': `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
}

for (const [selector, description] of Object.entries(wrong)) {
  test(`"${selector}" is no selector`, t => {
    const error = t.throws(() => selects(selector, {}), { instanceOf: LeaseError })
    t.is(error?.code, 'INVALID_REQUEST')
    t.deepEqual(error?.details.violations, [{ field: 'label_selector', description }])
  })
}

test('keys and values in a selector keep the rules of labels', t => {
  const key = t.throws(() => selects('-a', {}), { instanceOf: LeaseError })
  t.regex(key?.message ?? '', /unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of/)
  const value = t.throws(() => selects('a=-b', {}), { instanceOf: LeaseError })
  t.regex(
    value?.message ?? '',
    /unable to parse requirement: values\[0\]\[a\]: Invalid value: "-b": a valid label must/,
  )
})

test('a selector of more than 4096 bytes is refused', t => {
  t.throws(() => selects('a,'.repeat(2049), {}), { instanceOf: LeaseError, message: /no more than 4096 bytes/ })
})

test('whatever the text, it is a selector or a request at fault', t => {
  const piece = fc.oneof(fc.constantFrom('a', 'in', 'notin', '=', '!', '(', ')', ',', '<', '>', ' '), fc.string())
  fc.assert(
    fc.property(fc.array(piece), pieces => {
      try {
        parseLabelSelector(pieces.join(''), 'f')({ a: '1' })
      } catch (error) {
        t.true(error instanceof LeaseError)
      }
    }),
  )
  t.pass()
})

test('= selects by every valid label, and != what it does not', t => {
  const name = fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?$/)
  fc.assert(
    fc.property(name, name, name, (key, value, other) => {
      t.true(selects(`${key}=${value}`, { [key]: value }))
      t.false(selects(`${key}!=${value}`, { [key]: value }))
      t.is(selects(`${key}=${value}`, { [key]: other }), value === other)
    }),
  )
})
