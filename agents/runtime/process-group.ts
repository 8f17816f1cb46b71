import { readdirSync, readFileSync } from 'node:fs'

/** Sends a signal to every process of a group. A group that is gone, or not ours to signal, is no error. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

/**
 * Whether a process of the group lives. A zombie does not: it has no code left to run, and in a container whose first
 * process reaps nobody it stays for ever.
 */
export function groupLives(groupId: number): boolean {
  try {
    process.kill(-groupId, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  return livingMembers(groupId) ?? true
}

/** Looks the group's members up in /proc; undefined where there is none. */
function livingMembers(groupId: number): boolean | undefined {
  let entries: string[]
  try {
    entries = readdirSync('/proc')
  } catch {
    return undefined
  }
  let readable = false
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue
    const stat = readStat(entry)
    if (!stat) continue
    readable = true
    if (stat.groupId === groupId && stat.state !== 'Z' && stat.state !== 'X') return true
  }
  return readable ? false : undefined
}

/** State and process group of a process; undefined when it has gone meanwhile. */
function readStat(pid: string): { state: string; groupId: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the program's name in parentheses and may hold anything; after its last one: state, ppid, pgrp.
    const [state = '', , group = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state, groupId: Number(group) }
  } catch {
    return undefined
  }
}
