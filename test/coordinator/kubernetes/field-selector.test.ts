import test from 'ava'
import fc from 'fast-check'
import { parseFieldSelector } from '../../../services/coordinator/kubernetes/field-selector.js'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'

const selects = (selector: string, name: string, namespace = 'default'): boolean =>
  parseFieldSelector(selector).matches({ name, namespace })

test('a lease is selected by its name and namespace', t => {
  t.true(selects('', 'a'))
  t.true(selects('metadata.name=a', 'a'))
  t.true(selects('metadata.name==a', 'a'))
  t.false(selects('metadata.name=a', 'b'))
  t.true(selects('metadata.name!=a', 'b'))
  t.false(selects('metadata.name!=a', 'a'))
  t.true(selects('metadata.name=a,metadata.namespace=x', 'a', 'x'))
  t.false(selects('metadata.name=a,metadata.namespace=x', 'a', 'y'))
  t.true(selects(',metadata.name=a,', 'a'))
})

test('the only name and namespace that can match are told', t => {
  t.like(parseFieldSelector('metadata.name=a,metadata.namespace==b'), { name: 'a', namespace: 'b' })
  t.is(parseFieldSelector('metadata.name!=a').name, undefined)
})

test('a backslash makes a comma, an equals sign and itself part of the value', t => {
  t.true(selects('metadata.name=a\\,b\\=c\\\\d', 'a,b=c\\d'))
})

const refused: readonly (readonly [string, string])[] = [
  [
    'spec.holderIdentity=x',
    '"spec.holderIdentity" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ],
  ['nothing', "invalid selector: 'nothing'; can't understand 'nothing'"],
  ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ['metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
  ['metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
]

for (const [selector, message] of refused) {
  test(`${selector} is refused`, t => {
    const error = t.throws(() => parseFieldSelector(selector), { instanceOf: StatusError })
    t.like(error?.status, { code: 400, reason: 'BadRequest', message })
  })
}

test('a selector is bounded', t => {
  t.throws(() => parseFieldSelector(`metadata.name=${'a'.repeat(4_096)}`), { instanceOf: StatusError })
})

test('any value can be selected, and any text is a selector or refused', t => {
  const text = fc.string({ unit: 'binary', maxLength: 100 })
  fc.assert(fc.property(text, name => t.true(selects(`metadata.name=${name.replace(/[\\,=]/g, '\\$&')}`, name))))
  const piece = fc.constantFrom('metadata.name', '=', '!', ',', '\\', 'a')
  fc.assert(
    fc.property(fc.array(piece), pieces => {
      try {
        selects(pieces.join(''), 'a')
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
      }
    }),
  )
})
