/**
 * A friendly refusal when a second process opens a journal's directory: a file that names the process which has it. A
 * process that is gone, also by kill -9, blocks nobody, since the file tells when that process started and in which
 * boot of the machine. It is only the courtesy: what keeps two writers apart is the fence in the data.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { JournalInUse } from './journal.js'

const attempts = 10

export interface DirectoryLock {
  release(): void
}

/**
 * Creates the directory where it is missing, and takes it.
 * @throws JournalInUse when a living process has it.
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true })
  const file = join(directory, 'coordinator.pid')
  const own = markOf(process.pid)
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (create(file, own)) return { release: () => releaseFile(file, own) }
    const mark = read(file)
    const pid = Number.parseInt(mark, 10)
    if (mark !== '' && mark === markOf(pid)) {
      throw new JournalInUse(
        `the journal in ${directory} is in use by process ${pid}: stop that one, or choose another`,
      )
    }
    rmSync(file, { force: true })
  }
  throw new JournalInUse(`the journal in ${directory} is being opened by other processes at the same time`)
}

function releaseFile(file: string, own: string): void {
  if (read(file) === own) rmSync(file, { force: true })
}

/** False when the file is there already. */
function create(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/**
 * One line that no other process ever has: the pid, the clock tick at which it started, the boot of the machine. Where
 * the platform does not tell those two it is the pid alone. '' for a process that does not run.
 */
function markOf(pid: number): string {
  if (!isRunning(pid)) return ''
  // The process's name, in parentheses, may hold spaces; from its end on, the start tick is field 20.
  const stat = read(`/proc/${pid}/stat`)
  const startTick = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  const boot = read('/proc/sys/kernel/random/boot_id').trim()
  return `${pid} ${startTick} ${boot}\n`
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** '' for a file that is not there. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
