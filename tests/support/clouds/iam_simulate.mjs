// Answers a list of simulations and of documents to validate, given as JSON, all in one process.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// The packages lie in the kit's folder, not beside this file.
const required = createRequire(join(process.argv[2], 'kit.js'))
const { runSimulation } = required('@cloud-copilot/iam-simulate')
const { validateIdentityPolicy, validateTrustPolicy } = required('@cloud-copilot/iam-policy')
const VALIDATORS = { identity: validateIdentityPolicy, trust: validateTrustPolicy }

async function verdict(simulation) {
  const found = await runSimulation(simulation, {})
  return {
    verdict: found.overallResult ?? '',
    errors: found.errors ?? null,
    ignored: found.result?.ignoredContextKeys ?? [],
  }
}

const { simulations, documents } = JSON.parse(readFileSync(0, 'utf8'))
const answers = {
  verdicts: await Promise.all(simulations.map(verdict)),
  faults: await Promise.all(documents.map(({ kind, policy }) => VALIDATORS[kind](policy))),
}
process.stdout.write(JSON.stringify(answers))
