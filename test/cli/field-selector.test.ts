import test from 'ava'
import { parseFieldSelector } from '../../cli/field-selector.js'
import { clientLease } from '../support/client-lease.js'

const lease = clientLease({
  namespace: 'kube-system',
  name: 'kube-scheduler',
  holderIdentity: 'host-a,1=b\\c',
  state: 'held',
  fencingToken: 8,
})

const selectors: [selector: string, matches: boolean][] = [
  ['', true],
  ['metadata.name=kube-scheduler', true],
  ['metadata.name==kube-scheduler', true],
  ['metadata.name!=kube-scheduler', false],
  ['metadata.name=other', false],
  ['metadata.namespace=kube-system,metadata.name!=other', true],
  ['metadata.namespace=kube-system,metadata.name=other', false],
  ['spec.holderIdentity=host-a\\,1\\=b\\\\c', true],
  ['spec.holderIdentity=', false],
  ['spec.holderIdentity!=', true],
  ['state=held', true],
  ['state!=held', false],
]

for (const [selector, matches] of selectors) {
  test(`the field selector "${selector}" ${matches ? 'takes' : 'leaves'} the lease`, t => {
    t.is(parseFieldSelector(selector).matches(lease), matches)
  })
}

test('a lease without a holder is one whose holder is empty', t => {
  const { holderIdentity, ...never } = lease
  t.true(parseFieldSelector('spec.holderIdentity=').matches(never))
})

test('holder and state are selected by the coordinator, where they must be equal', t => {
  t.deepEqual(parseFieldSelector('spec.holderIdentity=a,state=expired,metadata.name=b').query, {
    holderIdentity: 'a',
    state: 'expired',
  })
  t.deepEqual(parseFieldSelector('spec.holderIdentity!=a,state!=expired').query, {})
})

test('what cannot be selected by is refused, with what can', t => {
  t.throws(() => parseFieldSelector('spec.renewTime=1'), {
    message: /"spec\.renewTime": use metadata\.name, metadata\.namespace, spec\.holderIdentity or state$/,
  })
  t.throws(() => parseFieldSelector('state=lost'), { message: /"lost": use unheld, held, expired or released$/ })
  t.throws(() => parseFieldSelector('metadata.name'), { message: /write it as in metadata\.name=kube-scheduler$/ })
})
