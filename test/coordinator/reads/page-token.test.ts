import test from 'ava'
import { pageToken, readPageToken } from '../../../services/coordinator/reads/page-token.js'

test('a page token continues the list that it is of', t => {
  const position = { revision: 42, after: 'ns\0name' }
  t.deepEqual(readPageToken(pageToken(position, ['journal', 'query']), ['journal', 'query']), position)
})

for (const [what, token] of Object.entries({
  'of another query': pageToken({ revision: 1, after: 'a' }, ['journal', 'other']),
  'of another journal': pageToken({ revision: 1, after: 'a' }, ['other', 'query']),
  'that was changed': Buffer.from('[1,"b","0123456789abcdef"]').toString('base64url'),
  'that is none': '%%%',
  'that is other JSON': Buffer.from('{"a":1}').toString('base64url'),
})) {
  test(`a page token ${what} is none`, t => {
    t.is(readPageToken(token, ['journal', 'query']), undefined)
  })
}
