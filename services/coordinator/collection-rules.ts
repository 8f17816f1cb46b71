import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { parseDuration } from '../../clock/duration.js'
import type { CollectionRule } from './lease/collection.js'
import { LeaseError } from './lease/errors.js'
import { parseLabelSelector } from './lease/label-selector.js'
import { validateNamespace } from './lease/metadata-rules.js'

/**
 * The rules of a coordinator that is told none: the identity leases of API servers that are gone, by the labels of
 * Kubernetes 1.26 and of later ones. They expire an hour after their last renewal.
 */
export const identityRules =
  '[{namespace: kube-system, labelSelector: k8s.io/component=kube-apiserver}, ' +
  '{namespace: kube-system, labelSelector: apiserver.kubernetes.io/identity=kube-apiserver}]'

const example = 'as in [{namespace: kube-system, labelSelector: app=x, expiredFor: 1h}]'

const ruleFields = z.strictObject({
  namespace: z.string().optional(),
  labelSelector: z.string().optional(),
  expiredFor: z.union([z.string(), z.number()]).optional(),
})

/** What is wrong with a rule; the message names its field. */
class RuleError extends Error {}

/** The rules from the file's list, or from a flag's or an environment variable's text, which is YAML. */
export const collectionRules = z.unknown().transform((value, context): CollectionRule[] => {
  try {
    const list = z.array(z.unknown()).safeParse(typeof value === 'string' ? parseYaml(value) : value)
    if (!list.success) throw new RuleError(`must be a list of rules, ${example}`)
    return list.data.map(readRule)
  } catch (error) {
    const message = error instanceof RuleError ? error.message : `is no YAML, ${example}`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
})

function readRule(item: unknown, index: number): CollectionRule {
  const rule = ruleFields.safeParse(item)
  const path = `[${index}]`
  if (!rule.success) {
    const [issue] = rule.error.issues
    throw new RuleError(`${[path, ...(issue?.path ?? [])].join('.')}: ${issue?.message}; write a rule ${example}`)
  }
  const { namespace = '', labelSelector = '', expiredFor = 0 } = rule.data
  const [fault] = namespace === '' ? [] : validateNamespace(namespace, 'namespace')
  if (fault !== undefined) throw new RuleError(`${path}.namespace: ${fault.description}`)
  const matches = selectorOf(labelSelector, `${path}.labelSelector`)
  if (namespace === '' && matches(undefined)) {
    throw new RuleError(`${path} would collect every lease: name a namespace, or labels that a lease must have`)
  }
  return { namespace, matches, expiredForMs: durationOf(expiredFor, `${path}.expiredFor`) }
}

function selectorOf(selector: string, field: string): CollectionRule['matches'] {
  try {
    return parseLabelSelector(selector, field)
  } catch (error) {
    throw error instanceof LeaseError ? new RuleError(error.message) : error
  }
}

function durationOf(value: string | number, field: string): number {
  try {
    return parseDuration(String(value))
  } catch (error) {
    throw new RuleError(`${field}: ${error instanceof Error ? error.message : error}`)
  }
}
