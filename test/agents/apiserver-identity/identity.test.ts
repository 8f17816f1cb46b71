import test from 'ava'
import { wrongHostname } from '../../../agents/apiserver-identity/hostname.js'
import { identityOf } from '../../../agents/apiserver-identity/identity.js'

for (const [hostname, style, name] of [
  ['kind-control-plane', 'v1.26', 'kube-apiserver-c4vwjftbvpc5os2vvzle4qg27a'],
  ['kind-control-plane2', 'v1.26', 'kube-apiserver-fyloo45sdenffw2ugwaz3likua'],
  ['kind-control-plane3', 'v1.26', 'kube-apiserver-dz2dqprdpsgnm756t5rnov7yka'],
  ['kind-control-plane', 'v1.27', 'apiserver-c7uylvfxlbqccnk6myfkwetzze'],
  ['localhost', 'v1.27', 'apiserver-l2yubf4cvcl5c7a3wrubrwqdve'],
  ['control-plane-1', 'v1.27', 'apiserver-ktnciuvxljjqohol43g65rthde'],
] as const) {
  test(`the lease of ${hostname} is ${name} in the style of ${style}`, t => {
    t.is(identityOf(hostname, style).name, name)
  })
}

test('the name has 26 digits however the hash begins', t => {
  for (let host = 0; host < 200; host++) {
    t.regex(identityOf(`host-${host}`, 'v1.26').name, /^kube-apiserver-[a-z2-7]{26}$/)
    t.regex(identityOf(`host-${host}`, 'v1.27').name, /^apiserver-[a-z2-7]{26}$/)
  }
})

test('the labels say that it is an API server, and on which host', t => {
  const hostname = 'kind-control-plane'
  t.deepEqual(identityOf(hostname, 'v1.26').labels, {
    'k8s.io/component': 'kube-apiserver',
    'kubernetes.io/hostname': hostname,
  })
  t.deepEqual(identityOf(hostname, 'v1.27').labels, {
    'apiserver.kubernetes.io/identity': 'kube-apiserver',
    'kubernetes.io/hostname': hostname,
  })
})

for (const hostname of ['a', 'Host_7.example.com', 'x'.repeat(63)]) {
  test(`"${hostname}" can be a label of the lease`, t => t.is(wrongHostname(hostname), undefined))
}

for (const hostname of ['', 'x'.repeat(64), '-a', 'a-', 'a b', 'a/b', 'bücher']) {
  test(`the hostname "${hostname}" is refused, since it cannot be a label`, t => {
    t.regex(wrongHostname(hostname) ?? '', /at most 63 characters/)
  })
}
