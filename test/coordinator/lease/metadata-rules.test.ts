import test from 'ava'
import type { OwnerReference } from '../../../services/coordinator/lease/lease.js'
import {
  validateAnnotations,
  validateFinalizers,
  validateGenerateName,
  validateGeneration,
  validateLabels,
  validateManagedFields,
  validateName,
  validateNamespace,
  validateOwnerReferences,
} from '../../../services/coordinator/lease/metadata-rules.js'

const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'example.com', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with " +
  "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is " +
  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const keyRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
  "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

const texts = (violations: readonly { description: string }[]) => violations.map(({ description }) => description)

test('a name is a DNS subdomain', t => {
  for (const name of ['a', 'node-1', 'ip-10-0-0-1.ec2.internal', '0', 'a'.repeat(253), 'a.b.c']) {
    t.deepEqual(validateName(name, 'name'), [], name)
  }
  for (const name of ['A', '-a', 'a-', 'a..b', '.', '..', 'a/b', 'a%b', 'a_b', 'ä', 'a b', 'a.-b']) {
    t.deepEqual(
      validateName(name, 'metadata.name'),
      [{ field: 'metadata.name', description: `Invalid value: "${name}": ${subdomainRule}` }],
      name,
    )
  }
})

test('a name of 254 bytes is too long', t => {
  const name = 'a'.repeat(254)
  t.deepEqual(texts(validateName(name, 'name')), [`Invalid value: "${name}": must be no more than 253 bytes`])
})

test('a name must be there', t => {
  t.deepEqual(validateName('', 'metadata.name'), [
    { field: 'metadata.name', description: 'Required value: name or generateName is required' },
  ])
})

test('the beginning of a generated name may end in a dash', t => {
  t.deepEqual(validateGenerateName('', 'g'), [])
  t.deepEqual(validateGenerateName('job-', 'g'), [])
  t.deepEqual(validateGenerateName('job', 'g'), [])
  for (const wrong of ['Job-', 'N-', 'a.-', '-', 'job.']) {
    t.deepEqual(texts(validateGenerateName(wrong, 'g')), [`Invalid value: "${wrong}": ${subdomainRule}`])
  }
})

test('a namespace is a DNS label', t => {
  t.deepEqual(validateNamespace('kube-node-lease', 'n'), [])
  t.deepEqual(validateNamespace('a'.repeat(63), 'n'), [])
  t.deepEqual(texts(validateNamespace('', 'n')), ['Required value'])
  t.deepEqual(texts(validateNamespace('A', 'n')), [`Invalid value: "A": ${labelRule}`])
  t.deepEqual(texts(validateNamespace('a.b', 'n')), ['Invalid value: "a.b": must not contain dots'])
  const long = 'a'.repeat(64)
  t.deepEqual(texts(validateNamespace(long, 'n')), [`Invalid value: "${long}": must be no more than 63 bytes`])
})

test('a generation is not negative', t => {
  t.deepEqual(validateGeneration(0, 'g'), [])
  t.deepEqual(texts(validateGeneration(-1, 'g')), ['Invalid value: -1: must be greater than or equal to 0'])
})

test('label keys are qualified names', t => {
  const fine = ['a', 'A.b_c-9', 'example.com/name', `${'a'.repeat(253)}/${'b'.repeat(63)}`]
  for (const key of fine) t.deepEqual(validateLabels({ [key]: 'v' }, 'l'), [], key)
  const wrong: Record<string, string[]> = {
    '': ['name part must be non-empty', `name part ${keyRule}`],
    '-a': [`name part ${keyRule}`],
    '/a': ['prefix part must be non-empty'],
    'a/': ['name part must be non-empty', `name part ${keyRule}`],
    'A/b': [`prefix part ${subdomainRule}`],
    'a/b/c': [`a valid label key ${keyRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`],
    ['a'.repeat(64)]: ['name part must be no more than 63 bytes'],
  }
  for (const [key, faults] of Object.entries(wrong)) {
    const expected = faults.map(fault => ({ field: 'l', description: `Invalid value: "${key}": ${fault}` }))
    t.deepEqual(validateLabels({ [key]: '' }, 'l'), expected, key)
  }
})

test('label values are empty or short names', t => {
  for (const value of ['', 'a', 'A_b.c-9', 'a'.repeat(63)]) t.deepEqual(validateLabels({ k: value }, 'l'), [], value)
  t.deepEqual(texts(validateLabels({ k: 'a b' }, 'l')), [`Invalid value: "a b": ${valueRule}`])
  const long = 'a'.repeat(64)
  t.deepEqual(texts(validateLabels({ k: long }, 'l')), [`Invalid value: "${long}": must be no more than 63 bytes`])
})

test('every label at fault is named', t => {
  t.is(validateLabels({ '-a': 'v', b: '-', c: 'fine' }, 'l').length, 2)
})

test('values are quoted as Go does it', t => {
  t.true(
    texts(validateLabels({ k: 'a"\\\n\x00\u200b\u{e0001}é' }, 'l'))[0]?.startsWith(
      'Invalid value: "a\\"\\\\\\n\\x00\\u200b\\U000e0001é": ',
    ),
  )
})

test('a value of megabytes is told to be too long, and not searched', t => {
  const huge = 'a-'.repeat(2_000_000)
  t.is(validateLabels({ [huge]: huge }, 'l').length, 2)
  t.is(validateName(huge, 'n').length, 1)
  t.is(validateNamespace(huge, 'n').length, 1)
})

test('annotation keys are qualified names in any case', t => {
  t.deepEqual(validateAnnotations({ 'Example.COM/Name': 'any thing' }, 'a'), [])
  t.deepEqual(texts(validateAnnotations({ 'a/B/c': '' }, 'a')).length, 1)
})

test('annotations have at most 262144 bytes together', t => {
  t.deepEqual(validateAnnotations({ a: 'x'.repeat(262_143) }, 'a'), [])
  t.deepEqual(validateAnnotations({ a: 'ä'.repeat(131_072) }, 'metadata.annotations'), [
    { field: 'metadata.annotations', description: 'Too long: may not be more than 262144 bytes' },
  ])
})

const owner: OwnerReference = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u' }

test('an owner is named completely', t => {
  t.deepEqual(validateOwnerReferences([owner, { ...owner, apiVersion: 'apps/v1' }], 'o'), [])
  t.deepEqual(validateOwnerReferences([{ apiVersion: 'apps/', kind: '', name: '', uid: '' }], 'o'), [
    { field: 'o.apiVersion', description: 'Invalid value: "apps/": version must not be empty' },
    { field: 'o.kind', description: 'Invalid value: "": must not be empty' },
    { field: 'o.name', description: 'Invalid value: "": must not be empty' },
    { field: 'o.uid', description: 'Invalid value: "": must not be empty' },
  ])
  t.is(validateOwnerReferences([{ ...owner, apiVersion: 'a/b/c' }], 'o').length, 1)
})

test('an event owns nothing', t => {
  t.deepEqual(texts(validateOwnerReferences([{ ...owner, kind: 'Event' }], 'o')), [
    'Invalid value: {"apiVersion":"v1","kind":"Event","name":"n","uid":"u"}: ' +
      '/v1, Kind=Event is disallowed from being an owner',
  ])
})

test('one owner at most is the controller', t => {
  const first = { ...owner, controller: true }
  t.deepEqual(validateOwnerReferences([first, { ...owner, controller: false }], 'o'), [])
  const second = { ...owner, name: 'm', controller: true }
  t.deepEqual(texts(validateOwnerReferences([first, second], 'o')), [
    `Invalid value: ${JSON.stringify([first, second])}: Only one reference can have Controller set to true. ` +
      'Found "true" in references for Node/n and Node/m',
  ])
})

test('finalizers are qualified names', t => {
  t.deepEqual(validateFinalizers(['example.com/clean-up', 'orphan'], 'f'), [])
  t.is(validateFinalizers(['a b'], 'f').length, 1)
  t.deepEqual(texts(validateFinalizers(['orphan', 'foregroundDeletion'], 'f')), [
    'Invalid value: ["orphan","foregroundDeletion"]: finalizer foregroundDeletion and orphan cannot be both set',
  ])
})

test('managed fields have a known operation and type, and a short printable manager', t => {
  const entry = { manager: 'kubectl', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: '{}' }
  t.deepEqual(validateManagedFields([entry, { ...entry, operation: 'Apply' }], 'm'), [])
  t.deepEqual(validateManagedFields([entry, { ...entry, operation: 'x', fieldsType: 'y', manager: 'é\x07' }], 'm'), [
    { field: 'm[1].operation', description: 'Invalid value: "x": must be `Apply` or `Update`' },
    { field: 'm[1].manager', description: 'Invalid value: "é\\a": invalid character U+0007 (at position 2)' },
    { field: 'm[1].fieldsType', description: 'Invalid value: "y": must be `FieldsV1`' },
  ])
  t.deepEqual(
    texts(validateManagedFields([{ ...entry, manager: 'a'.repeat(129), subresource: 'b'.repeat(257) }], 'm')),
    ['Too long: may not be more than 128 bytes', 'Too long: may not be more than 256 bytes'],
  )
})
