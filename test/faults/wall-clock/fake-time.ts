import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A wall clock of processes that start with its environment, set off from the machine's. */
export interface FakeWallClock {
  readonly env: Readonly<Record<string, string>>
  /** Lets the clock jump, while they run; hours may be negative. */
  offset(hours: number): void
}

/** Where Debian and others put it; LIBFAKETIME may name another place. */
const folders = (): string[] => [
  ...readdirSync('/usr/lib').map(name => join('/usr/lib', name, 'faketime')),
  ...['/usr/lib/faketime', '/usr/lib64/faketime', '/usr/local/lib/faketime'],
]

/** The library that puts itself between a process and its wall clock; undefined where it is not installed. */
export const findLibrary = (): string | undefined =>
  [process.env.LIBFAKETIME ?? '', ...folders().map(folder => join(folder, 'libfaketimeMT.so.1'))].find(path =>
    existsSync(path),
  )

/** @param folder where to keep the file that the processes look at. */
export function fakeWallClock(library: string, folder: string, name: string): FakeWallClock {
  const file = join(folder, name)
  const offset = (hours: number): void => writeFileSync(file, `${hours < 0 ? '' : '+'}${hours}h\n`)
  offset(0)
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // A jump of the wall clock leaves the monotonic clock as it is.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    },
    offset,
  }
}
