import test from 'ava'
import { versionAnswer } from '../../../services/coordinator/kubernetes/version.js'

test('the version is one of Kubernetes that clients can parse, and says whose it is', t => {
  const { code, contentType, body } = versionAnswer
  t.is(code, 200)
  t.is(contentType, 'application/json')
  const { major, minor, gitVersion, ...rest } = JSON.parse(body)
  t.is(gitVersion, `v${major}.${minor}.0-leasehold`)
  // A client in Python takes none of these for nothing.
  for (const field of ['gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform']) {
    t.is(typeof rest[field], 'string', field)
  }
})
