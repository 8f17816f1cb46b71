import { type Answer, jsonAnswer } from './answer.js'

/** The version of Kubernetes whose API is spoken; clients warn where theirs is more than one minor version away. */
const minor = 33

/** The answer at `/version`. */
export const versionAnswer: Answer = jsonAnswer({
  major: '1',
  minor: String(minor),
  gitVersion: `v1.${minor}.0-leasehold`,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'node',
  platform: `${process.platform}/${process.arch}`,
})
