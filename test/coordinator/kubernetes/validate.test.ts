import test from 'ava'
import { type JsonObject, readLease } from '../../../services/coordinator/kubernetes/lease-object.js'
import { validateLeaseWrite } from '../../../services/coordinator/kubernetes/validate.js'
import { defaultLimits } from '../../../services/coordinator/lease/validation.js'
import { image } from '../feed/samples.js'

/** The violations of a lease that is to be made, as `field: description`. */
function faults(metadata: JsonObject, spec: JsonObject = {}, before?: ReturnType<typeof image>): string[] {
  const read = readLease({ metadata: { name: 'a', ...metadata }, spec }, 'Strict')
  const violations = validateLeaseWrite(read, defaultLimits, before, { namespace: 'default', name: 'a' })
  return violations.map(({ field, description }) => `${field}: ${description}`)
}

test('a plain lease is fine', t => {
  t.deepEqual(faults({}), [])
  t.deepEqual(faults({ labels: { app: 'db' } }, { holderIdentity: 'h', leaseDurationSeconds: 15 }), [])
})

test('a duration is more than nothing, and as long as anybody wants', t => {
  const of = (leaseDurationSeconds: number) => faults({}, { leaseDurationSeconds })
  t.deepEqual(of(0), ['spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'])
  t.deepEqual(of(-1), ['spec.leaseDurationSeconds: Invalid value: -1: must be greater than 0'])
  t.deepEqual(of(1), [])
  t.deepEqual(of(2_147_483_647), [])
})

test('transitions are 0 or more', t => {
  const fault = 'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0'
  t.deepEqual(faults({}, { leaseTransitions: -1 }), [fault])
  t.deepEqual(faults({}, { leaseTransitions: 0 }), [])
})

test('a strategy is a known one or has a prefix', t => {
  const fault = 'spec.strategy: Unsupported value: "x": supported values: "OldestEmulationVersion"'
  t.deepEqual(faults({}, { strategy: 'x' }), [fault])
  t.deepEqual(faults({}, { strategy: 'example.com/x', preferredHolder: 'p' }), [])
})

test('a preferred holder needs a strategy', t => {
  const fault = 'spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined'
  t.deepEqual(faults({}, { preferredHolder: 'p' }), [fault])
})

test('a new lease has a name or the beginning of one, and a namespace that is one', t => {
  t.deepEqual(faults({ name: '' }), ['metadata.name: Required value: name or generateName is required'])
  t.deepEqual(faults({ name: '', generateName: 'a-' }), [])
  t.regex(faults({ name: 'A' }).join(), /^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain must/)
  t.regex(faults({ name: '', generateName: '_' }).join(), /^metadata\.generateName: Invalid value: "_"/)
  const read = readLease({ metadata: { name: 'a' } }, 'Strict')
  const [violation] = validateLeaseWrite(read, defaultLimits, undefined, { namespace: 'a.b', name: 'a' })
  t.like(violation, { field: 'metadata.namespace' })
})

test('a generation is 0 or more', t => {
  t.deepEqual(faults({ generation: -1 }), [
    'metadata.generation: Invalid value: -1: must be greater than or equal to 0',
  ])
})

test('metadata is under the same rules as over gRPC', t => {
  t.regex(faults({ labels: { 'a b': 'c' } }).join(), /^metadata\.labels: Invalid value: "a b"/)
  t.regex(faults({ annotations: { 'a b': 'c' } }).join(), /^metadata\.annotations: Invalid value: "a b"/)
  t.regex(faults({ ownerReferences: [{}] }).join(), /^metadata\.ownerReferences\.apiVersion: Invalid value: ""/)
  t.regex(faults({ finalizers: [''] }).join(), /^metadata\.finalizers: Invalid value: ""/)
})

test('a takeover delay at fault is one of the annotations', t => {
  const of = (text: string) => faults({ annotations: { 'leasehold.dev/takeover-delay': text } }).join()
  t.is(of('30s'), '')
  t.regex(
    of('soon'),
    /^metadata\.annotations: Invalid value: "soon": leasehold\.dev\/takeover-delay must be a duration/,
  )
  t.regex(of('2h'), /^metadata\.annotations: Invalid value: "7200s"/)
})

test("a holder's identity is bounded", t => {
  t.deepEqual(faults({}, { holderIdentity: 'x'.repeat(1_024) }), [])
  t.deepEqual(faults({}, { holderIdentity: 'x'.repeat(1_025) }), [
    'spec.holderIdentity: Too long: may not be more than 1024 bytes',
  ])
})

test('a lease that is being deleted gets no new finalizers', t => {
  const before = image(7, { deletionTimestamp: 1, finalizers: ['example.com/a'] })
  t.deepEqual(faults({ finalizers: ['example.com/a'] }, {}, before), [])
  t.deepEqual(faults({ finalizers: ['example.com/a', 'example.com/b'] }, {}, before), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}',
  ])
  t.deepEqual(faults({ finalizers: ['example.com/b'] }, {}, image(7)), [])
})

test('the name of a lease that is there is no matter any more', t => {
  t.deepEqual(faults({ name: '', generateName: '_' }, {}, image(7)), [])
})

test('every fault is told', t => {
  t.is(faults({ labels: { 'a b': 'c' } }, { leaseDurationSeconds: 0, leaseTransitions: -1 }).length, 3)
})
